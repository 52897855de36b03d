//! Alibaba Cloud's bill details: what the console exports as CSV and what `DescribeInstanceBill` returns, by billing item.
//!
//! Columns are found by their names, Chinese or English, in any order. Names are those of the field lists at
//! <https://www.alibabacloud.com/help/en/user-center/user-guide/billing-details-1> (2025-11-03), of the API
//! <https://www.alibabacloud.com/help/en/boa/latest/detailed-file-format> (2020-06-17) and of the export into object
//! storage. Which billing item is which item of the price book is a table of words ([`Map`]): product codes are
//! documented, the wording of billing items is not, so every row of it is an estimate that a reader's own table overrides.

use super::sheet::{Fault, Sheet};
use crate::bill::Exact;
use crate::provider::{Books, Provider};

/// What a column is, and the names that it has had. Compared without case, blanks, dashes and underscores.
const COLUMNS: [(Column, &[&str]); 18] = [
    (Column::Cycle, &["账期", "账单月份", "billingcycle", "billingmonth"]),
    (Column::Date, &["账单日期", "消费时间", "billingdate", "usagestarttime", "账单开始时间"]),
    (Column::Product, &["产品code", "产品代码", "productcode"]),
    (Column::ProductName, &["产品", "产品名称", "productname", "product"]),
    (Column::Commodity, &["产品明细code", "商品code", "商品代码", "commoditycode"]),
    (Column::Detail, &["产品明细", "商品名称", "productdetail", "productdetails", "commodityname"]),
    (Column::Item, &["计费项", "计费项名称", "billingitem", "billableitem", "billingitemname", "billableitemname"]),
    (Column::ItemCode, &["计费项code", "计费项代码", "billingitemcode", "billableitemcode"]),
    (Column::Usage, &["用量", "usage"]),
    (Column::UsageUnit, &["用量单位", "usageunit"]),
    (Column::ListPrice, &["单价", "官网价", "官网目录价", "listprice"]),
    (Column::Gross, &["原价", "目录总价", "pretaxgrossamount", "cataloguegrossamount"]),
    (Column::Deducted, &["资源包抵扣", "deductedbyresourcepackage", "resourcepackagededucted"]),
    (Column::Paid, &["应付金额", "优惠后金额", "pretaxamount", "amountafterreduction", "amountafterdiscount"]),
    (Column::Currency, &["币种", "currency"]),
    (Column::Region, &["地域", "region"]),
    (Column::Instance, &["实例id", "instanceid"]),
    (Column::Account, &["owner账号", "账号", "ownerid", "owneraccountname", "billaccountname", "resourceowneraccount"]),
];

/// Cities of regions as Chinese bills write them.
const CHINESE: [(&str, &str); 24] = [
    ("杭州", "cn-hangzhou"),
    ("上海", "cn-shanghai"),
    ("青岛", "cn-qingdao"),
    ("北京", "cn-beijing"),
    ("张家口", "cn-zhangjiakou"),
    ("呼和浩特", "cn-huhehaote"),
    ("乌兰察布", "cn-wulanchabu"),
    ("深圳", "cn-shenzhen"),
    ("河源", "cn-heyuan"),
    ("广州", "cn-guangzhou"),
    ("成都", "cn-chengdu"),
    ("香港", "cn-hongkong"),
    ("新加坡", "ap-southeast-1"),
    ("吉隆坡", "ap-southeast-3"),
    ("雅加达", "ap-southeast-5"),
    ("马尼拉", "ap-southeast-6"),
    ("曼谷", "ap-southeast-7"),
    ("东京", "ap-northeast-1"),
    ("首尔", "ap-northeast-2"),
    ("法兰克福", "eu-central-1"),
    ("伦敦", "eu-west-1"),
    ("弗吉尼亚", "us-east-1"),
    ("硅谷", "us-west-1"),
    ("迪拜", "me-east-1"),
];

/// Texts in which regions may stand besides the region's own column.
const TOLD: [Column; 3] = [Column::Instance, Column::Item, Column::Detail];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Column {
    Cycle,
    Date,
    Product,
    ProductName,
    Commodity,
    Detail,
    Item,
    ItemCode,
    Usage,
    UsageUnit,
    ListPrice,
    Gross,
    Deducted,
    Paid,
    Currency,
    Region,
    Instance,
    Account,
}

/// A row of such a bill.
#[derive(Clone, PartialEq, Debug)]
pub struct Billed {
    /// Its line in the file.
    pub line: u64,
    /// `2026-03`.
    pub month: String,
    /// The product's code, in small letters; its name where the file has no codes.
    pub product: String,
    /// The billing item as written.
    pub item: String,
    /// The region as written.
    pub region: String,
    /// The account that owns the thing; empty where the file does not say.
    pub account: String,
    /// The thing; empty where the file does not say.
    pub instance: String,
    /// How much was used; none where the cell is blank or below zero, as on refunds.
    pub usage: Option<Exact>,
    /// Of what, as written.
    pub unit: String,
    /// Of it, what a resource plan covered.
    pub deducted: Exact,
    /// Their price per unit, where the file says.
    pub list_price: Option<f64>,
    /// Before discounts, where the file says.
    pub gross: Option<f64>,
    /// What is to be paid before tax.
    pub paid: f64,
    /// Of all money on the row; empty where the file does not say.
    pub currency: String,
    /// What it is in the price book, or why that cannot be said.
    pub known: Result<Known, String>,
}

/// What a row is in the price book.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Known {
    /// The book's key.
    pub item: String,
    /// Where from, or where it stands.
    pub from: String,
    /// Where to; `*` where that does not matter.
    pub to: String,
}

/// Which billing item is which item of the price book: the first row that fits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Map {
    rows: Vec<MapRow>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct MapRow {
    product: String,
    words: Vec<String>,
    item: String,
}

impl Map {
    /// The shipped one.
    pub fn builtin() -> Map {
        let sheet = Sheet::read(include_str!("alibaba_items.csv"));
        Map { rows: sheet.rows.iter().map(|(_, cells)| MapRow::of(&cells[0], &cells[1], &cells[2])).collect() }
    }

    /// The rows of a table of the reader's own (`product,billing-item,item`), then those of this one.
    pub fn under(self, sheet: Sheet, books: &Books) -> Result<Map, Vec<Fault>> {
        let mut sheet = sheet;
        let at = ["product", "billing-item", "item"].map(|name| sheet.head.iter().position(|known| known == name));
        let mut rows = Vec::new();
        match at {
            [Some(product), Some(words), Some(item)] => {
                for (line, cells) in std::mem::take(&mut sheet.rows) {
                    for column in [product, words, item].into_iter().filter(|&column| cells[column].is_empty()) {
                        sheet.fault(line, column + 1, "blank", "every row says product, billing item and item");
                    }
                    if !books.prices.iter().any(|row| row.item == cells[item]) && !cells[item].is_empty() {
                        let message = format!("the price book has no item `{}`", cells[item]);
                        sheet.fault(line, item + 1, &message, "`eastwest catalog prices` lists them");
                    }
                    rows.push(MapRow::of(&cells[product], &cells[words], &cells[item]));
                }
            }
            _ => sheet.fault(
                1,
                0,
                "the columns are `product`, `billing-item` and `item`",
                "docs/usage-format.md has an example",
            ),
        }
        if !sheet.is_sound() {
            return Err(sheet.faults());
        }
        rows.extend(self.rows);
        Ok(Map { rows })
    }

    fn item(&self, product: &str, texts: &[&str]) -> Option<&str> {
        let says = |word: &String| texts.iter().any(|text| text.to_lowercase().contains(word.as_str()));
        let fits = |row: &&MapRow| row.product == product && row.words.iter().any(says);
        self.rows.iter().find(fits).map(|row| row.item.as_str())
    }
}

impl MapRow {
    fn of(product: &str, words: &str, item: &str) -> MapRow {
        let words = words.split('|').map(|word| word.trim().to_lowercase()).filter(|word| !word.is_empty()).collect();
        MapRow { product: product.to_lowercase(), words, item: item.to_owned() }
    }
}

/// Is it a file of this form, by its head?
pub fn is_bill(sheet: &Sheet) -> bool {
    let has = |column: Column| position(sheet, column).is_some();
    (has(Column::Product) || has(Column::ProductName)) && has(Column::Paid) && (has(Column::Item) || has(Column::Usage))
}

fn position(sheet: &Sheet, column: Column) -> Option<usize> {
    let names = COLUMNS.iter().find(|(known, _)| *known == column).map_or(&[][..], |(_, names)| names);
    // Names are in the order in which they are preferred.
    names.iter().find_map(|name| sheet.head.iter().position(|written| plain(written) == *name))
}

/// A column's name without what differs between exports: `Pretax Amount (USD)` is `pretaxamount`.
fn plain(name: &str) -> String {
    let name = name.split(['(', '（']).next().unwrap_or(name);
    name.to_lowercase().chars().filter(|letter| !letter.is_whitespace() && !"-_".contains(*letter)).collect()
}

/// The rows, or all that is wrong.
pub fn read(mut sheet: Sheet, map: &Map, books: &Books) -> Result<Vec<Billed>, Vec<Fault>> {
    let needed = [
        (Column::Item, "the billing item (计费项, Billing Item): export the bill by billing item"),
        (Column::Usage, "the usage (用量, Usage): export the bill by billing item"),
        (Column::UsageUnit, "the unit of usage (用量单位, Usage Unit)"),
    ];
    for (column, what) in needed {
        if position(&sheet, column).is_none() {
            sheet.fault(1, 0, &format!("a column is missing: {what}"), "");
        }
    }
    if position(&sheet, Column::Cycle).is_none() && position(&sheet, Column::Date).is_none() {
        sheet.fault(1, 0, "a column is missing: the billing cycle (账期, Billing Cycle)", "");
    }
    let mut billed = Vec::new();
    if sheet.is_sound() {
        for (line, cells) in std::mem::take(&mut sheet.rows) {
            billed.extend(row(&mut sheet, line, &cells, map, books));
        }
    }
    if sheet.is_sound() { Ok(billed) } else { Err(sheet.faults()) }
}

fn row(sheet: &mut Sheet, line: u64, cells: &[String], map: &Map, books: &Books) -> Option<Billed> {
    let cell = |sheet: &Sheet, column: Column| {
        position(sheet, column).map_or("", |index| cells[index].as_str()).trim_matches('\t').to_owned()
    };
    let number = |sheet: &mut Sheet, column: Column| -> Result<Option<f64>, ()> {
        let text = cell(sheet, column);
        // Exports write what they do not have as nothing, a dash or NULL.
        if ["", "-", "--", "NULL", "null"].contains(&text.as_str()) {
            return Ok(None);
        }
        let plain = text.trim_start_matches(['¥', '$']).replace(',', "");
        match plain.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Some(value)),
            _ => {
                let column = position(sheet, column).map_or(0, |index| index + 1);
                sheet.fault(line, column, &format!("`{text}` is no number"), "");
                Err(())
            }
        }
    };
    let [list_price, gross, paid, usage, deducted] =
        [Column::ListPrice, Column::Gross, Column::Paid, Column::Usage, Column::Deducted].map(|of| number(sheet, of));
    let (list_price, gross, paid, usage, deducted) =
        (list_price.ok()?, gross.ok()?, paid.ok()?, usage.ok()?, deducted.ok()?);
    let month: String =
        [Column::Cycle, Column::Date].iter().find_map(|&column| month(&cell(sheet, column))).or_else(|| {
            let column = position(sheet, Column::Cycle).or(position(sheet, Column::Date)).map_or(0, |index| index + 1);
            sheet.fault(line, column, "no month", "a billing cycle is written 2026-03 or 202603");
            None
        })?;
    let code = cell(sheet, Column::Product).to_lowercase();
    let product = if code.is_empty() { cell(sheet, Column::ProductName).to_lowercase() } else { code };
    let item = cell(sheet, Column::Item);
    let texts = [item.clone(), cell(sheet, Column::ItemCode)];
    let region = cell(sheet, Column::Region);
    let more: Vec<String> = TOLD.iter().map(|&column| cell(sheet, column)).collect();
    let commodity = cell(sheet, Column::Commodity);
    let known = known(&product, &texts, &commodity, &region, &more, map, books);
    let exact = |value: Option<f64>| value.filter(|value| *value >= 0.0).map(Exact::decimal);
    Some(Billed {
        line,
        month,
        product,
        item,
        region,
        account: cell(sheet, Column::Account),
        instance: cell(sheet, Column::Instance),
        usage: exact(usage),
        unit: cell(sheet, Column::UsageUnit),
        deducted: exact(deducted).unwrap_or_default(),
        list_price,
        gross,
        paid: paid.unwrap_or(0.0),
        currency: cell(sheet, Column::Currency).to_uppercase(),
        known,
    })
}

/// `2026-03`, `202603`, `2026-03-01 00:00:00` as `2026-03`.
fn month(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|letter| !"-/年月".contains(*letter)).take(6).collect();
    let month: u32 = digits.get(4..6)?.parse().ok()?;
    let whole = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit()) && (1..=12).contains(&month);
    whole.then(|| format!("{}-{}", &digits[..4], &digits[4..]))
}

/// What the row is in the price book, or why that cannot be said.
fn known(
    product: &str,
    texts: &[String],
    commodity: &str,
    region: &str,
    more: &[String],
    map: &Map,
    books: &Books,
) -> Result<Known, String> {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let item = map
        .item(product, &texts)
        .or_else(|| map.item(&commodity.to_lowercase(), &texts))
        .ok_or_else(|| "the price book has no such billing item; a --map of your own may name it".to_owned())?;
    let from = regions(region, books).into_iter().next();
    // A price that differs by pair needs both ends.
    let pairs = books.prices.iter().any(|row| row.item == item && row.to != "*");
    if !pairs {
        let stands = books.prices.iter().any(|row| row.item == item && row.from != "*");
        let from = match from {
            Some(from) => from,
            None if stands => return Err(format!("`{region}` is no region of the book, and `{item}` costs by region")),
            None => "*".to_owned(),
        };
        return Ok(Known { item: item.to_owned(), from, to: "*".to_owned() });
    }
    let told: Vec<String> = more.iter().flat_map(|text| regions(text, books)).collect();
    let from = from.or_else(|| told.first().cloned());
    let to = told.iter().rev().find(|region| Some(*region) != from.as_ref()).cloned();
    match (from, to) {
        (Some(from), Some(to)) => Ok(Known { item: item.to_owned(), from, to }),
        _ => Err(format!("`{item}` costs by the pair of regions, and the row names only one")),
    }
}

/// Regions that a text names, in the order in which they stand there: by their keys, their English or Chinese names.
fn regions(text: &str, books: &Books) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    let lower = text.to_lowercase();
    let mut found: Vec<(usize, usize, String)> = Vec::new();
    let mut note = |word: &str, id: &str| {
        if let Some(at) = lower.find(&word.to_lowercase()) {
            found.push((at, word.len(), id.to_owned()));
        }
    };
    for region in books.regions.iter().filter(|region| region.provider == Provider::Alibaba) {
        note(&region.id, &region.id);
        note(&region.city, &region.id);
    }
    for (chinese, id) in CHINESE {
        note(chinese, id);
    }
    // The longest word at a place is the one that was meant: `cn-beijing-finance-1` is not `cn-beijing`.
    found.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)).then(a.2.cmp(&b.2)));
    let mut named: Vec<String> = Vec::new();
    let mut end = 0;
    for (at, length, id) in found {
        if at >= end && !named.contains(&id) {
            named.push(id);
            end = at + length;
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_found_by_key_city_and_chinese_name_in_their_order() {
        let books = Books::builtin();
        let found = |text: &str| regions(text, books);
        assert_eq!(found("cn-hangzhou:ap-southeast-1"), ["cn-hangzhou", "ap-southeast-1"]);
        assert_eq!(found("华东1（杭州）"), ["cn-hangzhou"]);
        assert_eq!(found("Singapore"), ["ap-southeast-1"]);
        assert_eq!(found("新加坡 -> 法兰克福"), ["ap-southeast-1", "eu-central-1"]);
        assert!(found("公共云").is_empty());
    }

    #[test]
    fn a_cycle_is_read_in_all_the_ways_in_which_it_is_written() {
        for written in ["2026-03", "202603", "2026-03-01 00:00:00", "2026/03/01", "2026年03月"] {
            assert_eq!(month(written).as_deref(), Some("2026-03"), "{written}");
        }
        for wrong in ["", "2026", "2026-13", "March"] {
            assert_eq!(month(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn names_of_columns_are_compared_without_what_differs_between_exports() {
        assert_eq!(plain("Pretax Amount (USD)"), "pretaxamount");
        assert_eq!(plain("应付金额（元）"), "应付金额");
        assert!(is_bill(&Sheet::read("账期,产品Code,计费项,用量,用量单位,应付金额\n")));
        assert!(is_bill(&Sheet::read("BillingCycle,ProductCode,BillingItem,Usage,UsageUnit,PretaxAmount\n")));
        assert!(!is_bill(&Sheet::read("month,item,quantity,unit\n")));
    }

    #[test]
    fn every_row_of_the_shipped_map_names_an_item_of_the_book() {
        for row in Map::builtin().rows {
            assert!(Books::builtin().prices.iter().any(|price| price.item == row.item), "{}", row.item);
        }
    }
}
