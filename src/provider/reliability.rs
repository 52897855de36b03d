//! Assumed rates of failure: which row of the book speaks of which kind of component.

use serde::Deserialize;

use super::{Books, Status};

/// How often a thing fails and for how long.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct ReliabilityRow {
    /// `zone`, `backbone.cut`.
    pub key: String,
    /// In words.
    pub what: String,
    /// Low end of the mean time between failures, hours: one in twenty believes less.
    pub mean_up_low_h: Option<f64>,
    /// Mean time between failures, hours.
    pub mean_up_h: Option<f64>,
    /// High end, hours.
    pub mean_up_high_h: Option<f64>,
    /// Law of the time down.
    pub down_law: String,
    /// Time down, hours: median of a lognormal, low end of a range, else the mean.
    pub down_h: Option<f64>,
    /// Its p95 or high end, hours.
    pub down_p95_h: Option<f64>,
    /// How it is known.
    pub status: Status,
    /// Where from.
    pub source: String,
    /// When read.
    pub as_of: String,
    /// What to beware of.
    pub note: String,
}

/// The 95 % point of the standard normal law.
const Z95: f64 = 1.644_853_626_951_472_7;

impl ReliabilityRow {
    /// Logarithmic mean and standard deviation of the time down, hours, where its law is lognormal.
    pub fn lognormal(&self) -> Option<(f64, f64)> {
        let (median, p95) = (self.down_h?, self.down_p95_h?);
        (self.down_law == "lognormal").then(|| (libm::log(median), libm::log(p95 / median) / Z95))
    }

    /// Mean time down, hours.
    pub fn mean_down_h(&self) -> Option<f64> {
        match (self.down_law.as_str(), self.lognormal()) {
            (_, Some((mu, sigma))) => Some(libm::exp(mu + sigma * sigma / 2.0)),
            ("uniform", None) => Some((self.down_h? + self.down_p95_h?) / 2.0),
            _ => self.down_h,
        }
    }
}

/// A kind of component that fails in the long run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ComponentKind {
    /// The first word of its components' names.
    pub word: &'static str,
    /// How a component is written.
    pub form: &'static str,
    /// The row of the book; empty: there is none, and what a scenario does not state never fails.
    pub row: &'static str,
}

/// Every kind. Public paths between regions, `link/internet/..`, have a row of their own, `internet.cut`.
pub const COMPONENT_KINDS: [ComponentKind; 13] = [
    ComponentKind { word: "region", form: "region/REGION", row: "region.data-plane" },
    ComponentKind { word: "zone", form: "zone/REGION/ZONE", row: "zone" },
    ComponentKind { word: "api", form: "api/REGION", row: "region.control-plane" },
    ComponentKind { word: "link", form: "link/REGION-REGION or link/internet/REGION-REGION", row: "backbone.cut" },
    ComponentKind { word: "transit-router", form: "transit-router/PRODUCT/REGION", row: "transit-router" },
    ComponentKind { word: "endpoint", form: "endpoint/PRODUCT/ZONE", row: "endpoint" },
    ComponentKind { word: "nlb", form: "nlb/PRODUCT/CLUSTER/ZONE", row: "nlb" },
    ComponentKind { word: "eip", form: "eip/PRODUCT/CLUSTER", row: "eip" },
    ComponentKind { word: "nat", form: "nat/PRODUCT/VPC", row: "nat" },
    ComponentKind { word: "gateway", form: "gateway/PRODUCT/CLUSTER/ZONE", row: "gateway.replica" },
    ComponentKind { word: "replica", form: "replica/SERVICE/CLUSTER/ZONE", row: "replica" },
    ComponentKind { word: "config", form: "config/SERVICE", row: "config.push" },
    ComponentKind { word: "store", form: "store/NAME/CLUSTER", row: "" },
];

impl ComponentKind {
    /// The kind of that word.
    pub fn named(word: &str) -> Option<&'static ComponentKind> {
        COMPONENT_KINDS.iter().find(|kind| kind.word == word)
    }
}

impl Books {
    /// How often a thing fails.
    pub fn reliability(&self, key: &str) -> Option<&ReliabilityRow> {
        self.reliability.iter().find(|row| row.key == key)
    }

    /// What the book assumes of a component such as `zone/hangzhou/h`.
    pub fn assumed(&self, component: &str) -> Option<&ReliabilityRow> {
        let kind = ComponentKind::named(component.split('/').next().unwrap_or_default())?;
        let row = if component.starts_with("link/internet/") { "internet.cut" } else { kind.row };
        self.reliability(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_row_with_a_range_and_a_mean_time_down() {
        let books = Books::builtin();
        for kind in COMPONENT_KINDS.iter().filter(|kind| !kind.row.is_empty()) {
            for form in kind.form.split(" or ") {
                let row = books.assumed(form).unwrap_or_else(|| panic!("{form}"));
                let ends = [row.mean_up_low_h, row.mean_up_h, row.mean_up_high_h].map(Option::unwrap_or_default);
                assert!(0.0 < ends[0] && ends[0] < ends[1] && ends[1] < ends[2], "{form}: {ends:?}");
                assert!(row.mean_down_h().is_some_and(|down| down > 0.0), "{form}");
            }
        }
        // How often a database fails by itself nobody says.
        assert!(books.assumed("store/orders-db/main").is_none());
        // Median 2 h and p95 16 h: a mean of 4.4 h.
        let zone = books.assumed("zone/hangzhou/h").and_then(ReliabilityRow::mean_down_h).unwrap_or_default();
        assert!((zone - 4.446).abs() < 0.01, "{zone}");
    }
}
