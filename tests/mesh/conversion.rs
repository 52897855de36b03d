//! Defaults, and what Istio makes of its own resources.

use eastwest::policy::defaults;
use eastwest::units::Duration;

use crate::rows;

#[test]
fn the_defaults_are_istios() {
    for row in rows("defaults.csv", 10) {
        let seconds = |span: Duration| format!("{} s", span.seconds());
        let policy = defaults::policy(defaults::ISTIO_VERSION);
        let ours = match &*row["id"] {
            "DF04" => (f64::from(defaults::OVERPROVISIONING_PERCENT) / 100.0).to_string(),
            "DF05" => format!("{}% when outlierDetection is set", defaults::PANIC_THRESHOLD_WITH_OUTLIER),
            "DF14" => defaults::OUTLIER.consecutive_5xx.to_string(),
            "DF18" => seconds(defaults::OUTLIER.interval),
            "DF19" => seconds(defaults::OUTLIER.eject),
            "DF22" => format!("{}%", defaults::OUTLIER.max_ejection_percent),
            "DF35" => policy.retries.to_string(),
            "DF39" => defaults::HOST_SELECTION_ATTEMPTS.to_string(),
            "DF40" => format!("{} ms / {} ms", policy.backoff.millis(), 10.0 * policy.backoff.millis()),
            "DF45" => seconds(policy.connect_timeout),
            other => panic!("{other}: no constant for it"),
        };
        assert!(row["istio"].starts_with(&ours), "{}: {ours}, but Istio has {}", row["id"], row["istio"]);
    }
}
