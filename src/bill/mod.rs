//! Invoices: metered usage at its tariffs, line by line. Knows price rows, but no worlds and no runs.
//!
//! [`Tariff`] is the price of an item somewhere, with the rules by which it is metered; [`Quantity`] is what a meter
//! counted in a month; [`invoice`] makes one [`Line`] of each [`Entry`]. All arithmetic is exact ([`Exact`]); a line is
//! rounded once, half to even, to a billionth of the currency unit. [`Terms`] are the reader's own: prices of a contract,
//! discounts, the currency of the bill.
//!
//! ```
//! use eastwest::bill::{Entry, Exact, Quantity, Terms, invoice};
//! use eastwest::provider::Books;
//!
//! let gold = Terms::default().tariff(Books::builtin(), "cdt.gold", "cn-hangzhou", "ap-southeast-1").unwrap();
//! let quantity = Quantity::Bytes(Exact::whole(100_i128 << 30));
//! let line = &invoice(&[Entry { product: "backbone", scope: "", payer: "", at: "cn-hangzhou", tariff: &gold, quantity }])[0];
//! assert_eq!(line.amount.unwrap().mid.units(), 80.0); // 100 GB at 0.80 USD
//! ```

mod exact;
mod invoice;
mod own;
mod price;
mod quantity;
mod tariff;
mod terms;

pub use exact::Exact;
pub use invoice::{Entry, Line, Part, Step, by_payer, invoice, total};
pub use own::{COLUMNS, Mistake, own_prices, same_unit};
pub use price::{PriceRange, PriceStatus};
pub use quantity::{CapacityHour, Day, Held, MONTH_HOURS, Quantity};
pub use tariff::{Allowance, CapacitySize, GIGABYTE, Period, Pool, Tariff, Tier};
pub use terms::{OwnPrice, Terms};
