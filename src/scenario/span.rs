//! Where a value was said: a stretch of bytes in one of the texts that make up a scenario.

use std::ops::Deref;

/// One of the texts: a file, or the value of a `--set`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SourceId(pub u32);

/// Bytes `start..end` of a source.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Span {
    /// The text.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// Nowhere: the value is a default.
    pub const NONE: Span = Span { source: SourceId(u32::MAX), start: 0, end: 0 };

    /// Was it never written?
    pub const fn is_none(self) -> bool {
        self.source.0 == u32::MAX
    }
}

/// A value and where it was said ([`Span::NONE`] for a default).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it was said.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value said at `span`.
    pub const fn new(value: T, span: Span) -> Self {
        Spanned { value, span }
    }

    /// A value that nobody wrote.
    pub const fn unsaid(value: T) -> Self {
        Spanned { value, span: Span::NONE }
    }

    /// The same place, another value.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: make(self.value), span: self.span }
    }
}

impl<T> Deref for Spanned<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

/// A text that was read.
#[derive(Clone, Debug)]
pub struct Source {
    /// As people know it: the path as given, or `--set a.b`.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// All texts that make up a scenario.
#[derive(Clone, Default, Debug)]
pub struct Sources {
    sources: Vec<Source>,
}

impl Sources {
    /// Adds a text and tells its id.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        let id = SourceId(u32::try_from(self.sources.len()).expect("a scenario has few texts"));
        self.sources.push(Source { name: name.into(), text: text.into() });
        id
    }

    /// The text behind an id; none for [`Span::NONE`].
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.sources.get(id.0 as usize)
    }

    /// All texts, in the order in which they were read.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (SourceId, &Source)> {
        self.sources.iter().enumerate().map(|(index, source)| (SourceId(index as u32), source))
    }

    /// Line and column, both from 1, of a span's first byte; columns count characters.
    pub fn line_and_column(&self, span: Span) -> Option<(u32, u32)> {
        let text = &self.get(span.source)?.text;
        let before = text.get(..span.start as usize)?;
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.bytes().filter(|&byte| byte == b'\n').count() as u32 + 1;
        Some((line, before[line_start..].chars().count() as u32 + 1))
    }
}
