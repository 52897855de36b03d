//! `prices`.

use super::{Block, Key, Shape};

const PRICE_OR_TIERS: Shape = Shape::Either(&[Shape::Price, Shape::List(&Shape::Block(&PRICE_TIER))]);

/// `prices`.
pub static PRICES: Block = Block {
    title: "prices",
    about: "What things cost: the book, and what you know better. `docs/bill.md` has the rules.",
    one_of: false,
    keys: &[
        Key::new("book", Shape::Name, "The price book of Alibaba's regions, and of regions that are nobody's. Regions of other providers are priced by their own book; `eastwest catalog prices` shows all.")
            .default("alibaba-intl", "eastwest"),
        Key::new(
            "rows",
            Shape::Names(&PRICE_OR_TIERS),
            "Prices that you know better, everywhere, by the row's key: `{cen.plan: 90 USD/Mbps-month}`.",
        ),
        Key::new(
            "contract",
            Shape::List(&Shape::Block(&CONTRACT_PRICE)),
            "Prices of your contract for places; the most specific place holds, of equals the last, and before `rows`' \
             everywhere.",
        ),
        Key::new(
            "file",
            Shape::File,
            "A price book of your own as CSV (`item, unit, price, currency`, and where needed `from, to, tier_from, low, \
             high, gigabyte_bytes, source, as_of`), which overrides any row of the book.",
        )
        .absent("none", "eastwest"),
        Key::new("currency", Shape::Text, "Currency of the bill, three capitals.").default("USD", "eastwest"),
        Key::new(
            "fx",
            Shape::Names(&Shape::Number(1e-6, 1e6)),
            "What one US dollar is in a currency, as you state it; never fetched: `{EUR: 0.92}`.",
        ),
        Key::new(
            "discount",
            Shape::Names(&Shape::Share),
            "What your contract takes off the list, by item or family: `{cdt: 20%, compute.vcpu: 35%}`; the longest key \
             that fits holds.",
        ),
        Key::later("user-egress", "Bills what users download from the ingress as internet egress."),
        Key::later("site", "Which of a provider's sites: the book holds the international one."),
    ],
};

/// A step of a price.
pub static PRICE_TIER: Block = Block {
    title: "prices.rows.ITEM[]",
    about: "A step of a price; the first one begins at 0.",
    one_of: false,
    keys: &[
        Key::new("from", Shape::Text, "Where it begins: `0`, `10TB`, or a plain number of the row's units.").required(),
        Key::new("price", Shape::Price, "What each unit from there on costs.").required(),
    ],
};

/// A price of a contract.
pub static CONTRACT_PRICE: Block = Block {
    title: "prices.contract[]",
    about: "A price between places.",
    one_of: false,
    keys: &[
        Key::new("item", Shape::Text, "The row's key, `cdt.gold`.").required(),
        Key::new("from", Shape::Text, "A region of the book, an area (`china`), `abroad`, or `*`.")
            .absent("everywhere", "eastwest"),
        Key::new("to", Shape::Text, "The same at the other end; a price between two places holds both ways.")
            .absent("everywhere", "eastwest"),
        Key::new("price", PRICE_OR_TIERS, "Flat, or in steps.").required(),
        Key::new("source", Shape::Text, "Where it is agreed, shown on the bill.").default("the contract", "eastwest"),
    ],
};
