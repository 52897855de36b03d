//! The bill as a spreadsheet: read back from its own bytes and calculated anew by a calculator of the test's own.

mod calculator;

use calculator::Book;
use eastwest::record::{Bill, BillLine, Comparison, Estimate, VariantResult};
use eastwest::report::workbook::{Ledger, ROUNDING, workbook};

fn line(product: &str, payer: &str, quantity: f64, price: Option<f64>, amount: Option<f64>) -> BillLine {
    BillLine {
        product: product.into(),
        item: format!("{product} by the GB"),
        scope: "hangzhou".into(),
        payer: payer.into(),
        quantity: Estimate::exact(quantity),
        unit: "GB".into(),
        unit_price: price,
        amount: amount.map_or_else(|| Estimate::none("price not found"), Estimate::exact),
        status: if price.is_some() { "sourced".into() } else { "not-found".into() },
        source: format!("https://{product}.example"),
        as_of: "2026-03-12".into(),
        ..BillLine::default()
    }
}

fn comparison() -> Comparison {
    let bill = |lines: Vec<BillLine>| Bill {
        currency: "USD".into(),
        basis: vec!["held at the mean rate for 730 h".into()],
        lines,
        ..Bill::default()
    };
    let variant = |name: &str, bill: Bill| VariantResult { name: name.into(), bill, ..VariantResult::default() };
    Comparison {
        scenario: "shop".into(),
        variants: vec![
            variant(
                "cen",
                bill(vec![
                    line("cdt", "trade", 1_234.567_890_123, Some(0.072), Some(88.888_888_089)),
                    line("cen", "", 1460.0, Some(0.05), Some(73.0)),
                    line("cen", "trade", 50.0, None, None),
                ]),
            ),
            // A name and an item that a spreadsheet would take for a formula.
            variant("=1+1", bill(vec![line("=SUM(A1)", "bank", 3.0, Some(0.000_000_001), Some(0.000_000_003))])),
        ],
        ..Comparison::default()
    }
}

#[test]
fn every_amount_and_every_sum_is_a_formula_that_comes_to_the_invoice() {
    let study = comparison();
    let book = Book::read(&workbook(&Ledger::of_study(&study)));
    assert_eq!(book.names(), ["Bill", "Sums", "Sources", "Assumptions"]);
    let worst = book.check(ROUNDING);
    assert_eq!(worst.len(), 4 + (1 + 2 + 2 + 2) + (1 + 1 + 1 + 1) + 3, "amounts, sums by variant, sums by source");
    assert_eq!(book.number("Bill", "I2"), Some(88.888_888_089), "the cached figure is the invoice's own");
    assert_eq!(book.number("Bill", "I4"), None, "a price that nobody knows leaves the amount empty");
    assert_eq!(book.text("Bill", "A5"), "=1+1", "text stays text");
    assert_eq!(book.number("Sums", "D2"), Some(88.888_888_089 + 73.0));
}

#[test]
fn a_price_that_is_filled_in_later_reaches_the_sums() {
    let study = comparison();
    let mut book = Book::read(&workbook(&Ledger::of_study(&study)));
    book.set("Bill", "H4", 90.0);
    assert_eq!(book.calculate("Bill", "I4"), Some(4500.0));
    let sum = book.calculate("Sums", "D2").expect("a sum");
    assert!((sum - (88.888_888_089 + 73.0 + 4500.0)).abs() < 1e-9, "{sum}");
}

#[test]
fn the_same_bills_are_the_same_bytes() {
    let study = comparison();
    assert_eq!(workbook(&Ledger::of_study(&study)), workbook(&Ledger::of_study(&comparison())));
    let bytes = workbook(&Ledger::of_study(&study));
    assert!(bytes.starts_with(b"PK"));
    let part = calculator::part(&bytes, "docProps/core.xml");
    assert!(part.contains("2000-01-01T00:00:00Z"), "no date of today: {part}");
}

#[test]
fn the_bills_of_every_scenario_that_ships_come_to_the_invoice_to_the_billionth() {
    use eastwest::provider::Books;
    use eastwest::scenario::{Inputs, compile, load};
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files =
        ["first", "two-mainland-regions", "mainland-and-abroad-day", "asia-and-europe", "privatelink-one-region"];
    for file in files {
        let loaded = load(&folder.join(format!("{file}.yaml")), &[]).expect("it is valid");
        let worlds: Vec<_> = loaded
            .variants
            .iter()
            .map(|v| compile(&v.scenario, &v.name, Books::builtin(), Inputs::default()).expect("it compiles"))
            .collect();
        let told = eastwest::study::estimate::estimate(&worlds);
        let book = Book::read(&workbook(&Ledger::of_projection(&told)));
        assert!(book.check(ROUNDING).len() > 10, "{file}");
    }
}
