//! The bill of a variant for the page: every line with the source and the date of its price.

use minijinja::context;
use minijinja::value::Value;

use crate::record::{BillLine, VariantResult};
use crate::report::number::{Unit, invoice};
use crate::report::sentence::{beside_the_month, unpriced};
use crate::report::terminal::{bill_quantity, bill_remark, bill_unit_price};

/// The bill with its total, its basis and its lines.
pub(super) fn bill(variant: &VariantResult) -> Value {
    let bill = &variant.bill;
    let unit = Unit::Money(&bill.currency);
    let total = bill.month.value.unwrap_or(0.0);
    let open = if unpriced(variant) > 0 { "at least " } else { "" };
    let mut words = vec![format!("{open}{} per month", unit.value(&bill.month))];
    words.extend(unit.inputs(&bill.month).map(|range| format!("{range} over the inputs")));
    if bill.estimated_share > 0.0 {
        words.push(format!("{} of it at estimated prices", Unit::Share.amount(bill.estimated_share, Some(0.01))));
    }
    context! {
        name => variant.name.clone(),
        currency => bill.currency.clone(),
        total => words.join(", "),
        sum => invoice(total, total),
        basis => bill.basis.iter().cloned().chain(beside_the_month(bill)).collect::<Vec<_>>(),
        unknowns => bill.unknowns.clone(),
        lines => bill.lines.iter().map(|entry| line(entry, total)).collect::<Vec<_>>(),
    }
}

fn line(line: &BillLine, total: f64) -> Value {
    let remark = bill_remark(line);
    let link = site(&line.source);
    context! {
        product => line.product.clone(),
        item => line.item.clone(),
        scope => line.scope.clone(),
        payer => line.payer.clone(),
        quantity => bill_quantity(line),
        price => line.unit_price.map(bill_unit_price).unwrap_or_default(),
        amount => line.amount.value.map_or_else(|| "?".to_owned(), |amount| invoice(amount, total)),
        remark => if remark.is_empty() { "list price".to_owned() } else { remark },
        source => line.source.clone(),
        link => link.map(|_| line.source.clone()),
        site => link,
        as_of => line.as_of.clone(),
    }
}

/// The host of a web address; none for anything else, so that a source in words never becomes a link.
fn site(source: &str) -> Option<&str> {
    let rest = source.strip_prefix("https://").or_else(|| source.strip_prefix("http://"))?;
    if source.contains(char::is_whitespace) {
        return None;
    }
    rest.split(['/', '?', '#']).next().filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::site;

    #[test]
    fn only_a_web_address_becomes_a_link() {
        assert_eq!(site("https://www.alibabacloud.com/help/en"), Some("www.alibabacloud.com"));
        assert_eq!(site("javascript:alert(1)"), None);
        assert_eq!(site("https://a.example and a remark"), None);
        assert_eq!(site("quoted by sales"), None);
    }
}
