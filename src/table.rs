//! Tables indexed by ids of their own: an id of one table cannot index another.
//!
//! `usize` stays inside this file.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// A row number of a `Table<I, _>`; made with [`crate::id!`].
pub trait Id: Copy + Eq + Ord + fmt::Debug {
    /// The id of row `index`; panics past 2^32 - 2 rows, which no table reaches.
    fn from_index(index: usize) -> Self;
    /// The row number, from 0.
    fn index(self) -> usize;
}

/// Declares id types: `id! { /// A place. PlaceId, ... }`.
#[macro_export]
macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub u32);
        impl $crate::table::Id for $name {
            fn from_index(index: usize) -> Self {
                $name(u32::try_from(index).ok().filter(|&i| i < u32::MAX).expect("a table has fewer than 2^32 - 1 rows"))
            }
            fn index(self) -> usize {
                self.0 as usize
            }
        }
        impl $name {
            /// No row: what an optional id is written as where space counts.
            pub const NONE: $name = $name(u32::MAX);
            /// Is it [`Self::NONE`]?
            pub const fn is_none(self) -> bool {
                self.0 == u32::MAX
            }
        }
    )+ };
}

/// Rows of `T`, each known by an id of type `I`.
#[derive(Clone, PartialEq, Debug)]
pub struct Table<I, T> {
    rows: Vec<T>,
    id: PhantomData<fn(I) -> I>,
}

impl<I: Id, T> Table<I, T> {
    /// No rows.
    pub const fn new() -> Self {
        Table { rows: Vec::new(), id: PhantomData }
    }

    /// Appends a row and tells its id.
    pub fn push(&mut self, row: T) -> I {
        let id = I::from_index(self.rows.len());
        self.rows.push(row);
        id
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The row, if the id is one of this table's.
    pub fn get(&self, id: I) -> Option<&T> {
        self.rows.get(id.index())
    }

    /// Ids and rows in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (I, &T)> + DoubleEndedIterator {
        self.rows.iter().enumerate().map(|(index, row)| (I::from_index(index), row))
    }

    /// Ids and rows in order, to be changed.
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = (I, &mut T)> {
        self.rows.iter_mut().enumerate().map(|(index, row)| (I::from_index(index), row))
    }

    /// All ids in order.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = I> + use<I, T> {
        (0..self.rows.len()).map(I::from_index)
    }

    /// All rows in order.
    pub fn rows(&self) -> &[T] {
        &self.rows
    }

    /// A table of the same length, each row made from one of these.
    pub fn map<U>(&self, make: impl FnMut(&T) -> U) -> Table<I, U> {
        Table { rows: self.rows.iter().map(make).collect(), id: PhantomData }
    }
}

impl<I: Id, T> Default for Table<I, T> {
    fn default() -> Self {
        Table::new()
    }
}

impl<I: Id, T> From<Vec<T>> for Table<I, T> {
    fn from(rows: Vec<T>) -> Self {
        Table { rows, id: PhantomData }
    }
}

impl<I: Id, T> Index<I> for Table<I, T> {
    type Output = T;
    fn index(&self, id: I) -> &T {
        &self.rows[id.index()]
    }
}

impl<I: Id, T> IndexMut<I> for Table<I, T> {
    fn index_mut(&mut self, id: I) -> &mut T {
        &mut self.rows[id.index()]
    }
}
