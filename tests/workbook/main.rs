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
fn tiers_and_discounts_are_formulas_over_the_quantity() {
    use eastwest::record::BillStep;
    let step = |from: Option<f64>, quantity: f64, price: f64| BillStep { from, quantity, unit_price: Some(price) };
    let mut study = comparison();
    let lines = &mut study.variants[0].bill.lines;
    // 10,240 at 0.09, 4,760 at 0.085, 20 % off: (921.6 + 404.6) * 0.8.
    lines[0] = BillLine {
        steps: vec![step(Some(0.0), 10_240.0, 0.09), step(Some(10_240.0), 4_760.0, 0.085)],
        discount: 0.2,
        ..line("egress", "trade", 15_000.0, Some(1326.2 / 15_000.0), Some(1060.96))
    };
    // A hundred are free, and fifty of the step were used up by another line.
    lines[1] = BillLine {
        steps: vec![step(None, 100.0, 0.0), step(Some(0.0), 10_090.0, 0.09), step(Some(10_240.0), 10.0, 0.085)],
        ..line("egress", "bank", 10_200.0, Some(908.95 / 10_200.0), Some(908.95))
    };
    let mut book = Book::read(&workbook(&Ledger::of_study(&study)));
    assert_eq!(book.names(), ["Bill", "Steps", "Sums", "Sources", "Assumptions"]);
    book.check(ROUNDING);
    // With less traffic the tiers of the first line follow; 5,000 lie in the first one alone.
    book.set("Bill", "F2", 5_000.0);
    let amount = book.calculate("Bill", "I2").expect("an amount");
    assert!((amount - 5_000.0 * 0.09 * 0.8).abs() < 1e-9, "{amount}");
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
