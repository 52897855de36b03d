//! Timeouts: which of the two of a call strikes.

use crate::units::Duration;

/// The timeout of one try that takes effect: one that is not below the whole call's is ignored, zero is none (Envoy
/// `source/common/router/router.cc`, finalTimeout).
pub fn per_try(whole: Option<Duration>, per_try: Option<Duration>) -> Option<Duration> {
    let set = |span: Option<Duration>| span.filter(|span| *span > Duration::ZERO);
    set(per_try).filter(|one| set(whole).is_none_or(|all| *one < all))
}
