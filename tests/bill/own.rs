//! Prices of the reader's own in a file: what they may say, and that what they say is applied.

use eastwest::bill::{Terms, own_prices};
use eastwest::provider::Books;

const HEAD: &str = "item,unit,price,currency,from,to,low,high,gigabyte_bytes\n";

/// The price of a unit of `item` from somewhere to somewhere under the one row of a file.
fn price(row: &str, item: &str, from: &str, to: &str) -> i128 {
    let own = own_prices("own.csv", &format!("{HEAD}{row}\n"), Books::builtin());
    let terms = Terms { own: own.unwrap_or_else(|wrong| panic!("{row}: {wrong:?}")), ..Terms::default() };
    let tariff = terms.tariff(Books::builtin(), item, from, to).expect("the book has it");
    tariff.first().expect("a price").mid.0
}

fn wrong(text: &str) -> Vec<(u64, usize, String)> {
    let wrong = own_prices("own.csv", text, Books::builtin()).expect_err("it is refused");
    wrong.into_iter().map(|mistake| (mistake.line, mistake.field, mistake.what)).collect()
}

#[test]
fn a_region_is_named_bare_or_with_its_provider_and_its_price_is_applied() {
    for from in ["us-east-1", "aws/us-east-1"] {
        let row = format!("aws.egress,GB,0.05,USD,{from},,,,");
        assert_eq!(price(&row, "aws.egress", "aws/us-east-1", "*"), 50_000_000, "{from}");
        assert_ne!(price(&row, "aws.egress", "aws/eu-west-1", "*"), 50_000_000, "{from}");
    }
    for (from, to) in [("cn-hangzhou", "ap-southeast-1"), ("alibaba/cn-hangzhou", "alibaba/ap-southeast-1")] {
        let row = format!("cdt.gold,GB,0.5,USD,{from},{to},,,");
        assert_eq!(price(&row, "cdt.gold", "cn-hangzhou", "ap-southeast-1"), 500_000_000, "{from}");
    }
}

#[test]
fn regions_that_nobody_has_and_those_of_another_provider_are_refused() {
    let place = |row: &str| wrong(&format!("{HEAD}{row}\n")).remove(0);
    let (line, field, what) = place("aws.egress,GB,0.05,USD,aws/us-east-9,,,,");
    assert_eq!((line, field), (2, 5));
    assert!(what.contains("no region of the book"), "{what}");
    let (.., what) = place("aws.egress,GB,0.05,USD,cn-hangzhou,,,,");
    assert!(what.contains("an item of aws") && what.contains("a region of alibaba"), "{what}");
    let (.., what) = place("cdt.gold,GB,0.05,USD,aws/us-east-1,,,,");
    assert!(what.contains("an item of alibaba") && what.contains("a region of aws"), "{what}");
}

#[test]
fn half_a_range_odd_gigabytes_and_a_head_alone_are_refused() {
    let what = |row: &str| wrong(&format!("{HEAD}{row}\n")).remove(0).2;
    assert!(what("cdt.gold,GB,0.5,USD,,,0.4,,").contains("`low` without `high`"));
    assert!(what("cdt.gold,GB,0.5,USD,,,,0.6,").contains("`high` without `low`"));
    assert!(what("cdt.gold,GB,0.5,USD,,,,,1024").contains("1073741824 or 1000000000"));
    assert_eq!(wrong(HEAD)[0].2, "there is no price under the head");
}
