//! `prices:`.

use super::fields::{Decoder, below};
use crate::bill::Exact;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{OwnRow, Price, PriceFile, PriceStep, Prices, StepFrom};
use crate::scenario::quantity::{self, Complaint};
use crate::scenario::span::{Span, Spanned};
use crate::scenario::tree::{Entry, Node, Value};
use crate::scenario::vocabulary as words;

/// The price books that come with the program.
const BOOKS: &[&str] = &["alibaba-intl"];

impl Decoder {
    /// `prices:`.
    pub(super) fn prices(&mut self, entry: Option<&Entry>) -> Option<Prices> {
        let at = entry.map_or(Span::NONE, |entry| entry.key);
        let map = self.open(entry.map(|entry| &entry.node), &words::PRICES, vec!["prices".into()], at)?;
        let book = map.text(self, "book");
        if let Some(book) = &book {
            self.known("price book", book, book.span, BOOKS.iter().copied());
        }
        let file = map.text(self, "file");
        let file = file.and_then(|file| {
            let text = self.file(&file, file.span)?;
            Some(PriceFile { file, text })
        });
        let mut own = Vec::new();
        if let Some(node) = map.written("contract") {
            for (index, item) in self.items(node, "prices").iter().enumerate() {
                own.extend(self.contract_price(item, index));
            }
        }
        for (item, entry) in self.entries(map.written("rows"), "prices") {
            let path = vec!["prices".into(), "rows".into(), item.to_owned()];
            let Some(steps) = self.price_steps(&entry.node, &path) else { continue };
            let everywhere = || Spanned::new("*".to_owned(), entry.key);
            own.push(OwnRow {
                item: Spanned::new(item.to_owned(), entry.key),
                from: everywhere(),
                to: everywhere(),
                steps,
                source: "the scenario".into(),
            });
        }
        let currency = map.text(self, "currency");
        if let Some(currency) = &currency {
            self.currency(&currency.value, currency.span);
        }
        let mut fx = Vec::new();
        for (name, entry) in self.entries(map.written("fx"), "rates of exchange") {
            self.currency(name, entry.key);
            let rate = self.read(&entry.node, "what one US dollar is, such as `0.92`", |text| {
                quantity::number(text, 1e-6, 1e6)?;
                Exact::parse(text)
                    .ok_or_else(|| Complaint::new("EW107", format!("`{text}` is no rate"), "write `0.92`"))
            });
            fx.extend(rate.map(|rate| (Spanned::new(name.to_owned(), entry.key), rate.value)));
        }
        let mut discounts = Vec::new();
        for (item, entry) in self.entries(map.written("discount"), "shares") {
            let share = self.read(&entry.node, "a share such as `20%`", |text| {
                quantity::share(text)?;
                let digits = text.trim().trim_end_matches('%').trim();
                let percent = Exact::parse(digits).ok_or_else(|| {
                    Complaint::new("EW107", format!("`{text}` is no share"), "write digits and `%`: `12.5%`")
                })?;
                Ok(percent.over(&Exact::whole(100)))
            });
            discounts.extend(share.map(|share| (Spanned::new(item.to_owned(), entry.key), share.value)));
        }
        map.close();
        Some(Prices { book: book?, own, file, currency: currency?, fx, discounts })
    }

    fn contract_price(&mut self, node: &Node, index: usize) -> Option<OwnRow> {
        let path = vec!["prices".into(), "contract".into(), index.to_string()];
        let map = self.open(Some(node), &words::CONTRACT_PRICE, path.clone(), node.span)?;
        let item = map.text(self, "item");
        let everywhere = || Spanned::new("*".to_owned(), node.span);
        let from = map.text(self, "from").unwrap_or_else(everywhere);
        let to = map.text(self, "to").unwrap_or_else(everywhere);
        let source = map.text(self, "source");
        let steps = map.written("price").and_then(|price| self.price_steps(price, &below(&path, "price")));
        map.close();
        Some(OwnRow { item: item?, from, to, steps: steps?, source: source?.value })
    }

    /// A flat price, or its steps.
    fn price_steps(&mut self, node: &Node, path: &super::fields::Path) -> Option<Vec<PriceStep>> {
        let Value::List(items) = &node.value else {
            let price = self.price(node)?;
            let from = Spanned::new(StepFrom::Units(Exact::ZERO()), node.span);
            return Some(vec![PriceStep { from, price }]);
        };
        let mut steps: Vec<PriceStep> = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let path = below(path, &index.to_string());
            let map = self.open(Some(item), &words::PRICE_TIER, path, item.span)?;
            let from = map.read(self, "from", step_from);
            let price = map.written("price").and_then(|price| self.price(price));
            map.close();
            steps.push(PriceStep { from: from?, price: price? });
        }
        if steps.is_empty() {
            self.expected("a price or a list of its steps", node);
            return None;
        }
        Some(steps)
    }

    fn price(&mut self, node: &Node) -> Option<Price> {
        let price = self.read(node, "a price such as `0.02 USD/GB`", quantity::price)?;
        let (amount, currency, per) = price.value;
        Some(Price { span: node.span, amount, currency, per })
    }

    fn currency(&mut self, name: &str, span: Span) {
        if name.len() != 3 || !name.bytes().all(|byte| byte.is_ascii_uppercase()) {
            self.say(
                Diagnostic::error("EW425", format!("`{name}` is no currency"))
                    .at(span, "")
                    .help("a currency is three capitals: `USD`, `EUR`, `CNY`"),
            );
        }
    }
}

/// `0`, `51200`, `10TB`.
fn step_from(text: &str) -> Result<StepFrom, Complaint> {
    let text = text.trim();
    for (unit, thousands) in [("GB", 0), ("TB", 1), ("PB", 2)] {
        if let Some(number) = text.strip_suffix(unit).and_then(|number| Exact::parse(number.trim())) {
            return Ok(StepFrom::Gigabytes(number, thousands));
        }
    }
    let units = Exact::parse(text).map(StepFrom::Units);
    units.ok_or_else(|| {
        let help = "write `0`, `10TB` or a plain number of the row's units";
        Complaint::new("EW107", format!("`{text}` is not where a step begins"), help)
    })
}
