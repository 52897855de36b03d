//! What changed between releases of Istio, as far as a simulated call meets it. Knows releases, not policies.

use super::EjectionCap;
use super::pool::UNLIMITED;

/// A release, `(1, 24)`.
pub type Release = (u32, u32);

/// Streams at once over an HTTP/2 connection that nobody limits, from Envoy 1.36 on (before, 2^31 - 1). Envoy 1.36.0
/// release notes, "http2"; <https://www.envoyproxy.io/docs/envoy/v1.36.3/version_history/v1.36/v1.36.0>, read 2026-11-23.
pub const HTTP2_STREAMS: u32 = 1024;

/// The Envoy in a release of Istio. Istio's "Supported Releases" lists 1.16 with 1.24, 1.17 with 1.25, 1.18 with 1.26, and
/// says that later ones tend to map one to one; <https://istio.io/latest/docs/releases/supported-releases/>, read 2026-11-23.
pub fn envoy(istio: Release) -> Release {
    (istio.0, istio.1 + 8)
}

/// Is a plain 503 retried by default? Up to Istio 1.23 it is; from 1.24 on not, as the server may have done the work.
/// Istio 1.24 change notes, EXCLUDE_UNSAFE_503_FROM_DEFAULT_RETRY (istio issue 50506).
pub fn retries_503(istio: Release) -> bool {
    istio < (1, 24)
}

/// The limit of streams that Envoy has where Istio sets none.
pub fn max_streams(istio: Release) -> u32 {
    if envoy(istio) < (1, 36) { UNLIMITED } else { HTTP2_STREAMS }
}

/// How that Envoy reckons the cap on ejections (Envoy release notes 1.27 and 1.28, pull request 27909).
pub fn ejection_cap(istio: Release) -> EjectionCap {
    match envoy(istio) {
        (..=1, ..=26) => EjectionCap::Before,
        (1, 27) => EjectionCap::FirstAlways,
        _ => EjectionCap::After,
    }
}

/// What a release decides, one sentence each.
pub fn decides(istio: Release) -> Vec<String> {
    let retried = if retries_503(istio) { "is" } else { "is not" };
    let cap = match ejection_cap(istio) {
        EjectionCap::Before => "one more host is ejected while fewer than max-ejection are out",
        EjectionCap::FirstAlways => "the first host is always ejected, one more only where max-ejection holds after it",
        EjectionCap::After => {
            "a host is ejected only where max-ejection holds after it: at 10 % none of fewer than ten hosts"
        }
    };
    let streams = match max_streams(istio) {
        UNLIMITED => "an HTTP/2 connection has as many streams as are asked for".to_owned(),
        most => format!("an HTTP/2 connection has at most {most} streams"),
    };
    vec![cap.to_owned(), format!("a plain 503 {retried} retried by default"), streams]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn istio_and_envoy_are_released_side_by_side() {
        assert_eq!([(1, 16), (1, 17), (1, 18)].map(envoy), [(1, 24), (1, 25), (1, 26)]);
    }

    #[test]
    fn a_rule_changes_with_its_release() {
        assert_eq!([(1, 23), (1, 24)].map(retries_503), [true, false]);
        assert_eq!([(1, 27), (1, 28)].map(max_streams), [UNLIMITED, 1024]);
    }
}
