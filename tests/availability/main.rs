//! Availability: closed forms against reference values, enumeration against chains solved otherwise and against the
//! components drawn one by one, and whole scenarios against arithmetic.

mod chains;
mod databases;
mod ends;
mod few;
mod ready;
mod scenarios;
mod streams;
mod vectors;
