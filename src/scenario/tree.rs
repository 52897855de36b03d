//! YAML text as a tree in which every key and value knows where it was said.
//!
//! Built from a parser's events, so that duplicate keys, tags and keys that other tools read as something else are
//! found here. Depth and size are bounded: a file from a stranger's pull request can neither overflow the stack nor
//! fill the memory. Knows nothing of what a scenario means.

use super::diagnostic::Diagnostic;
use super::span::{SourceId, Span};
use indexmap::IndexMap;
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};
use std::collections::BTreeMap;

/// Deeper nesting is refused.
pub const DEPTH_MAX: usize = 48;
/// More nodes are refused: ten thousand services of a hundred values each.
pub const NODES_MAX: usize = 1_000_000;
/// Of those, aliases may stand for so many, counted as often as they are used: few lines can mean a billion.
pub const ALIASED_MAX: usize = 200_000;

/// A value and where it was said.
#[derive(Clone, PartialEq, Debug)]
pub struct Node {
    /// Where; for a map or list from its first entry on.
    pub span: Span,
    /// What.
    pub value: Value,
}

/// The three kinds of values.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// A word, a number, a quantity: all are text until somebody knows what is due.
    Scalar {
        /// The text, quotes and escapes resolved.
        text: String,
        /// Written without quotes.
        plain: bool,
    },
    /// In order.
    List(Vec<Node>),
    /// By key, in order.
    Map(IndexMap<String, Entry>),
}

/// A value of a map.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// Where the key is written.
    pub key: Span,
    /// What it holds.
    pub node: Node,
}

impl Node {
    /// An empty map that nobody wrote.
    pub fn empty_map() -> Node {
        Node { span: Span::NONE, value: Value::Map(IndexMap::new()) }
    }

    /// An unquoted text that nobody wrote: a default.
    pub fn unsaid(text: &str) -> Node {
        Node { span: Span::NONE, value: Value::Scalar { text: text.to_owned(), plain: true } }
    }

    /// Is it `null`, `~` or nothing?
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if matches!(text.as_str(), "" | "null" | "~" | "Null" | "NULL"))
    }

    /// The entries, if it is a map.
    pub fn as_map(&self) -> Option<&IndexMap<String, Entry>> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The text, if it is a scalar.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The value under a key, if it is a map and has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.get(key).map(|entry| &entry.node)
    }

    /// What kind of value it is, for messages.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            _ if self.is_null() => "nothing",
            Value::Scalar { .. } => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// How many nodes there are in it, itself included.
    pub fn count(&self) -> usize {
        match &self.value {
            Value::Scalar { .. } => 1,
            Value::List(items) => 1 + items.iter().map(Node::count).sum::<usize>(),
            Value::Map(entries) => 1 + entries.values().map(|entry| entry.node.count()).sum::<usize>(),
        }
    }

    /// How deep it is: 1 for a scalar.
    fn depth(&self) -> usize {
        1 + match &self.value {
            Value::Scalar { .. } => 0,
            Value::List(items) => items.iter().map(Node::depth).max().unwrap_or(0),
            Value::Map(entries) => entries.values().map(|entry| entry.node.depth()).max().unwrap_or(0),
        }
    }
}

/// Reads `text`, which stands at byte `offset` of `source`. None: nothing usable, and the diagnostics say why.
pub fn parse(source: SourceId, text: &str, offset: u32, diagnostics: &mut Vec<Diagnostic>) -> Option<Node> {
    let read = Reader::new(source, text, offset, diagnostics).document();
    read.map_err(|Stop(why)| diagnostics.extend(why)).ok()
}

/// Reads a text of any number of documents, as other tools write them; those before a mistake if there is one.
pub fn parse_all(source: SourceId, text: &str, offset: u32, diagnostics: &mut Vec<Diagnostic>) -> Vec<Node> {
    let mut found = Vec::new();
    let read = Reader::new(source, text, offset, diagnostics).documents(&mut found);
    diagnostics.extend(read.err().and_then(|Stop(why)| why));
    found
}

/// The byte at which each character begins, and one past the last: the parser counts characters.
fn byte_of_char(text: &str) -> Vec<u32> {
    text.char_indices().map(|(byte, _)| byte as u32).chain([text.len() as u32]).collect()
}

/// Reading cannot go on, for this reason.
struct Stop(Option<Diagnostic>);

impl From<Diagnostic> for Stop {
    fn from(diagnostic: Diagnostic) -> Self {
        Stop(Some(diagnostic))
    }
}

struct Reader<'t, 'd> {
    source: SourceId,
    text: &'t str,
    offset: u32,
    bytes: Vec<u32>,
    parser: Parser<'t, saphyr_parser::StrInput<'t>>,
    anchors: BTreeMap<usize, Node>,
    nodes: usize,
    aliased: usize,
    diagnostics: &'d mut Vec<Diagnostic>,
}

impl<'t, 'd> Reader<'t, 'd> {
    fn new(source: SourceId, text: &'t str, offset: u32, diagnostics: &'d mut Vec<Diagnostic>) -> Self {
        Reader {
            source,
            text,
            offset,
            bytes: byte_of_char(text),
            parser: Parser::new_from_str(text),
            anchors: BTreeMap::new(),
            nodes: 0,
            aliased: 0,
            diagnostics,
        }
    }

    fn documents(&mut self, found: &mut Vec<Node>) -> Result<(), Stop> {
        loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing, _) => {}
                (Event::StreamEnd, _) => return Ok(()),
                (event, span) => found.push(self.node(event, span, 1)?),
            }
        }
    }

    fn document(&mut self) -> Result<Node, Stop> {
        loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(_) | Event::Nothing, _) => {}
                (Event::StreamEnd, _) => {
                    let start = self.span_of(0, 0);
                    return Err(Diagnostic::error("EW001", "the file is empty")
                        .at(start, "nothing here")
                        .help("a scenario begins with `eastwest: 1`; `eastwest init` writes one")
                        .into());
                }
                (event, span) => {
                    let node = self.node(event, span, 1)?;
                    self.end()?;
                    return Ok(node);
                }
            }
        }
    }

    /// What follows the first document: nothing.
    fn end(&mut self) -> Result<(), Stop> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(()),
                (Event::DocumentEnd | Event::Nothing, _) => {}
                (_, span) => {
                    return Err(Diagnostic::error("EW002", "a scenario is one YAML document")
                        .at(self.line_at(span), "a second one begins here")
                        .help("write variants under `variants:`, or one file each")
                        .into());
                }
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'t>, Span), Stop> {
        match self.parser.next_event() {
            None => Ok((Event::StreamEnd, self.span_of(0, 0))),
            Some(Ok((event, span))) => {
                let span = self.span_of(span.start.index(), span.end.index());
                Ok((event, span))
            }
            Some(Err(error)) => Err(self.syntax(&error).into()),
        }
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Node, Stop> {
        if depth > DEPTH_MAX {
            return Err(Diagnostic::error("EW003", format!("nested more than {DEPTH_MAX} levels deep"))
                .at(self.line_at(span), "here")
                .into());
        }
        self.spend(1, 0, span)?;
        let (node, anchor) = match event {
            Event::Alias(id) => return self.alias(id, span, depth),
            Event::Scalar(text, style, anchor, tag) => {
                if tag.is_some() {
                    self.tag(span);
                }
                let plain = style == ScalarStyle::Plain;
                (Node { span, value: Value::Scalar { text: text.into_owned(), plain } }, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                if tag.is_some() {
                    self.tag(span);
                }
                (self.list(span, depth)?, anchor)
            }
            Event::MappingStart(anchor, tag) => {
                if tag.is_some() {
                    self.tag(span);
                }
                (self.map(span, depth)?, anchor)
            }
            _ => return Err(Diagnostic::error("EW004", "this is not YAML").at(self.line_at(span), "here").into()),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn list(&mut self, start: Span, depth: usize) -> Result<Node, Stop> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => {
                    return Ok(Node { span: self.around(start, items.last()), value: Value::List(items) });
                }
                (event, span) => items.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn map(&mut self, start: Span, depth: usize) -> Result<Node, Stop> {
        let mut entries: IndexMap<String, Entry> = IndexMap::new();
        loop {
            let (event, key) = self.next()?;
            let name = match event {
                Event::MappingEnd => {
                    let last = entries.last().map(|(_, entry)| &entry.node);
                    return Ok(Node { span: self.around(start, last), value: Value::Map(entries) });
                }
                Event::Scalar(text, style, ..) => {
                    if style == ScalarStyle::Plain && reads_as_something_else(&text) {
                        self.strange_key(&text, key);
                    }
                    text.into_owned()
                }
                other => {
                    // The key is read and dropped, so that what follows is still looked at.
                    let span = self.node(other, key, depth + 1)?.span;
                    self.diagnostics.push(
                        Diagnostic::error("EW005", "a key is a plain word, not a list, a map or an alias")
                            .at(self.line_at(span), "this key"),
                    );
                    String::new()
                }
            };
            let (event, span) = self.next()?;
            let node = self.node(event, span, depth + 1)?;
            if name == "<<" {
                self.diagnostics
                    .push(Diagnostic::error("EW006", "YAML merge keys (`<<`) are not read").at(key, "this key").help(
                    "an overlay does this: write a variant, or put what is shared into a file and name it with `base:`",
                ));
                continue;
            }
            if let Some(first) = entries.get(&name) {
                self.diagnostics.push(
                    Diagnostic::error("EW007", format!("`{name}` is said twice"))
                        .at(key, "again")
                        .at(first.key, "first here")
                        .help("remove one of them, or give one another name"),
                );
                continue;
            }
            entries.insert(name, Entry { key, node });
        }
    }

    fn alias(&mut self, id: usize, span: Span, depth: usize) -> Result<Node, Stop> {
        let Some(node) = self.anchors.get(&id) else {
            return Err(Diagnostic::error("EW008", "an alias of a value that contains it")
                .at(span, "this alias")
                .into());
        };
        let (count, deep) = (node.count(), node.depth());
        if depth + deep > DEPTH_MAX {
            return Err(Diagnostic::error("EW003", format!("nested more than {DEPTH_MAX} levels deep"))
                .at(span, "through this alias")
                .into());
        }
        self.spend(count, count, span)?;
        Ok(self.anchors[&id].clone())
    }

    fn spend(&mut self, nodes: usize, aliased: usize, span: Span) -> Result<(), Stop> {
        self.nodes += nodes;
        self.aliased += aliased;
        let message = if self.aliased > ALIASED_MAX {
            format!("aliases stand for more than {ALIASED_MAX} values, counted as often as used")
        } else if self.nodes > NODES_MAX {
            format!("more than {NODES_MAX} values")
        } else {
            return Ok(());
        };
        Err(Diagnostic::error("EW009", message).at(self.line_at(span), "the limit is reached here").into())
    }

    fn tag(&mut self, span: Span) {
        self.diagnostics.push(
            Diagnostic::error("EW010", "YAML tags (`!...`) are not read")
                .at(self.line_at(span), "this value has a tag")
                .help("remove the tag: what a value is, its key says"),
        );
    }

    fn strange_key(&mut self, text: &str, span: Span) {
        self.diagnostics.push(
            Diagnostic::error("EW011", format!("`{text}` without quotes is not a text to every YAML tool"))
                .at(span, "this key")
                .help(format!("write \"{text}\" in quotes")),
        );
    }

    /// A parser's complaint, with a hint where its cause is known.
    fn syntax(&self, error: &ScanError) -> Diagnostic {
        let at = error.marker().index().min(self.bytes.len().saturating_sub(1));
        let span = self.line_at(self.span_of(at, at + 1));
        let line_start = self.text[..self.bytes[at] as usize].rfind('\n').map_or(0, |newline| newline + 1);
        let indent = self.text[line_start..].split(|c: char| !c.is_whitespace() || c == '\n').next().unwrap_or("");
        let diagnostic = Diagnostic::error("EW004", format!("this is not YAML: {}", error.info())).at(span, "here");
        if indent.contains('\t') || error.info().contains("tab") {
            diagnostic.help("indent with spaces: YAML forbids tabs")
        } else if error.info().contains("flow") {
            diagnostic.help("a `{` or `[` is not closed, or a comma is missing")
        } else if error.info().contains("mapping values") {
            diagnostic.help("a text with `: ` in it must stand in quotes; and keys of one map begin in one column")
        } else {
            diagnostic
        }
    }

    /// A span from character positions.
    fn span_of(&self, start: usize, end: usize) -> Span {
        let last = self.bytes.len() - 1;
        let byte = |index: usize| self.offset + self.bytes[index.min(last)];
        Span { source: self.source, start: byte(start), end: byte(end.max(start)) }
    }

    /// A map or list from its start to the end of its last value, a closing bracket included: the parser's own end
    /// lies where the next thing begins.
    fn around(&self, start: Span, last: Option<&Node>) -> Span {
        let from = (start.start - self.offset) as usize;
        // A last value that is an alias stands elsewhere.
        let inner = last.map_or(start.start, |node| node.span.end).max(start.start + 1);
        let to = ((inner - self.offset) as usize).clamp(from, self.text.len());
        let end = match self.text.as_bytes().get(from) {
            Some(b'{') => self.text[to..].find('}').map_or(to, |closer| to + closer + 1),
            Some(b'[') => self.text[to..].find(']').map_or(to, |closer| to + closer + 1),
            _ => to,
        };
        Span { end: end as u32 + self.offset, ..start }
    }

    /// A span of at least one character that does not leave its line.
    fn line_at(&self, span: Span) -> Span {
        let from = ((span.start - self.offset) as usize).min(self.text.len());
        let to = ((span.end - self.offset) as usize).clamp(from, self.text.len());
        let line_end = self.text[from..].find('\n').map_or(self.text.len(), |newline| from + newline);
        Span { start: from as u32 + self.offset, end: to.min(line_end) as u32 + self.offset, ..span }
    }
}

/// Does an unquoted key mean a number, a boolean or nothing to some YAML tool (1.1 or 1.2)?
fn reads_as_something_else(key: &str) -> bool {
    let lower = key.to_ascii_lowercase();
    matches!(lower.as_str(), "" | "~" | "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n")
        || (key.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) && key.parse::<f64>().is_ok())
}

#[cfg(test)]
mod tests;
