//! Invoices worked by hand, to the billionth; the month of a run; and that every byte is billed once per rule.

mod conservation;
mod faults;
mod invoices;
mod own;
mod world;
