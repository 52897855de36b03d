//! The books as tables of text, for `eastwest catalog`.

/// The shipped files.
pub(super) mod text {
    pub(in super::super) const REGIONS: &str = include_str!("books/regions.csv");
    pub(in super::super) const RTT: &str = include_str!("books/rtt.csv");
    pub(in super::super) const RTT_FIT: &str = include_str!("books/rtt_fit.csv");
    pub(in super::super) const LATENCY: &str = include_str!("books/latency.csv");
    pub(in super::super) const LOSS: &str = include_str!("books/loss.csv");
    pub(in super::super) const RULES: &str = include_str!("books/rules.csv");
    pub(in super::super) const PRICES: &str = include_str!("books/prices.csv");
    pub(in super::super) const CAPACITY_UNITS: &str = include_str!("books/capacity_units.csv");
    pub(in super::super) const METERING: &str = include_str!("books/metering.csv");
    pub(in super::super) const SLA: &str = include_str!("books/sla.csv");
    pub(in super::super) const LIMITS: &str = include_str!("books/limits.csv");
    pub(in super::super) const INCIDENTS: &str = include_str!("books/incidents.csv");
    pub(in super::super) const INCIDENT_PHASES: &str = include_str!("books/incident_phases.csv");
    pub(in super::super) const RELIABILITY: &str = include_str!("books/reliability.csv");
}

/// Names of the tables, in the order in which they are listed, each with a line of what it holds and its text.
const TABLES: [(&str, &str, &str); 14] = [
    ("regions", "regions with area, position, zones", text::REGIONS),
    ("rtt", "round trips between regions over the backbone, low, mid, high", text::RTT),
    ("rtt-fit", "factors for pairs that the book lacks", text::RTT_FIT),
    ("latency", "delays of zones and hops, jitter, sidecars", text::LATENCY),
    ("loss", "loss and jitter of the public path by profile", text::LOSS),
    ("rules", "which items of the prices charge for what, by provider", text::RULES),
    ("prices", "prices, one row each", text::PRICES),
    ("capacity-units", "what a load balancer's or NAT gateway's capacity unit holds", text::CAPACITY_UNITS),
    ("metering", "tiers that are climbed together, free allowances, least quantities", text::METERING),
    ("sla", "promised availabilities", text::SLA),
    ("limits", "limits and what happens past them", text::LIMITS),
    ("incidents", "dated incidents", text::INCIDENTS),
    ("incident-phases", "phases of the incidents", text::INCIDENT_PHASES),
    ("reliability", "assumed rates of failure", text::RELIABILITY),
];

/// A book as text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CatalogTable {
    /// Names of the columns.
    pub header: Vec<String>,
    /// Rows in the order of the file.
    pub rows: Vec<Vec<String>>,
}

/// Names of the tables with a line of what each holds.
pub fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLES.iter().map(|(name, about, _)| (*name, *about))
}

/// The rows of a table that hold every word of `filter` somewhere, in any case; all rows where it is empty. None where
/// there is no table of that name. Prices are shown in units of the currency, as an invoice writes them.
pub fn table(name: &str, filter: &str) -> Option<CatalogTable> {
    let (_, _, text) = TABLES.iter().find(|(table, _, _)| *table == name)?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns: Vec<String> =
        reader.headers().expect("a shipped book has a header").iter().map(str::to_owned).collect();
    let money: Vec<bool> = columns.iter().map(|column| column.ends_with("_nano")).collect();
    let words: Vec<String> = filter.split_whitespace().map(str::to_lowercase).collect();
    let rows = reader
        .records()
        .map(|record| {
            let record = record.expect("a shipped book parses");
            record
                .iter()
                .zip(&money)
                .map(|(cell, &money)| if money { in_units(cell) } else { cell.to_owned() })
                .collect::<Vec<String>>()
        })
        .filter(|row| words.iter().all(|word| row.iter().any(|cell| cell.to_lowercase().contains(word))))
        .collect();
    let header = columns.iter().map(|column| column.trim_end_matches("_nano").to_owned()).collect();
    Some(CatalogTable { header, rows })
}

/// Billionths as a decimal figure without trailing zeros: `72000000` is 0.072. An empty cell stays empty.
fn in_units(nano: &str) -> String {
    let Ok(nano) = nano.parse::<u64>() else { return nano.to_owned() };
    let text = format!("{}.{:09}", nano / 1_000_000_000, nano % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_shown_as_an_invoice_writes_them() {
        assert_eq!(in_units("72000000"), "0.072");
        assert_eq!(in_units("0"), "0");
        assert_eq!(in_units(""), "");
        let gold = table("prices", "cdt.gold china asia-pacific").expect("there is a table of prices");
        assert_eq!(gold.rows.len(), 1);
        let mid = gold.header.iter().position(|column| column == "mid").expect("there is a column mid");
        assert_eq!(gold.rows[0][mid], "0.8");
    }

    #[test]
    fn every_table_has_rows_and_an_unknown_one_is_none() {
        for (name, _) in names() {
            assert!(!table(name, "").expect("a listed table exists").rows.is_empty(), "{name}");
        }
        assert_eq!(table("weather", ""), None);
    }
}
