//! The collecting decoder's tools: a map opened against its block of the vocabulary, and single values read by shape.
//!
//! Every mistake is noted and decoding goes on. A key that the vocabulary lists and nobody asks for is a bug in us, found
//! by an assertion, as is the reverse: the two cannot drift apart.

use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::folder::Folder;
use crate::scenario::quantity::Complaint;
use crate::scenario::span::{Span, Spanned};
use crate::scenario::tree::{Entry, Node, Value};
use crate::scenario::vocabulary::{Block, Fallback, Shape};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// Of errors, and of warnings, no more than this many are told; the rest is counted.
const TOLD_MAX: usize = 200;
/// Longer words are compared with nothing: they are no slips of the pen, and comparing takes time.
const WORD_MAX: usize = 64;

/// Where in the scenario: keys from the root.
pub(crate) type Path = Vec<String>;

/// What was filled in where nothing was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filled {
    /// Keys from the root; a list's items are numbers.
    pub path: Path,
    /// The value, or words for what its absence means.
    pub text: String,
    /// Is `text` a value of the file's grammar (else it is words)?
    pub is_value: bool,
    /// Whose default it is: `Istio`, `Envoy`, `provider`, `eastwest`.
    pub whose: &'static str,
}

/// Collects what is found while a tree is decoded.
#[derive(Default)]
pub(crate) struct Decoder {
    /// Mistakes and warnings.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Errors, told or not.
    pub(crate) errors: usize,
    /// Warnings, told or not.
    pub(crate) warnings: usize,
    /// Defaults that were used.
    pub(crate) filled: Vec<Filled>,
    /// Where files that the scenario names are read.
    pub(crate) folder: Folder,
    /// What was read, by name.
    pub(crate) files: BTreeMap<String, String>,
    /// Names whose definition is wrong: whoever uses one is not blamed as well.
    pub(crate) lost: BTreeSet<String>,
}

/// A map whose keys are those of a block.
pub(crate) struct Fields<'t> {
    map: Option<&'t indexmap::IndexMap<String, Entry>>,
    /// What it is read against.
    pub(crate) block: &'static Block,
    /// Where in the scenario.
    pub(crate) path: Path,
    asked: RefCell<Vec<&'static str>>,
}

/// The nearest of some names, if one is near.
pub(crate) fn nearest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let length = word.chars().count();
    if length > WORD_MAX {
        return None;
    }
    let limit = if length < 3 { 0 } else { (length / 3).max(1) };
    names
        .into_iter()
        .take(1000)
        .filter(|name| name.len() <= 2 * WORD_MAX)
        .map(|name| (strsim::damerau_levenshtein(&word.to_ascii_lowercase(), &name.to_ascii_lowercase()), name))
        .filter(|&(distance, _)| distance <= limit)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, name)| name)
}

/// `path` with one more key.
pub(crate) fn below(path: &Path, key: &str) -> Path {
    let mut path = path.clone();
    path.push(key.to_owned());
    path
}

impl Decoder {
    /// Notes a diagnostic; past enough of its kind it is only counted.
    pub(crate) fn say(&mut self, diagnostic: Diagnostic) {
        let told = if diagnostic.is_error() { &mut self.errors } else { &mut self.warnings };
        *told += 1;
        if *told <= TOLD_MAX {
            self.diagnostics.push(diagnostic);
        }
    }

    /// How much was only counted.
    pub(crate) fn untold(&self) -> usize {
        self.errors.saturating_sub(TOLD_MAX) + self.warnings.saturating_sub(TOLD_MAX)
    }

    /// The text of a file that the scenario names.
    pub(crate) fn file(&mut self, name: &str, span: Span) -> Option<String> {
        match self.folder.read(name, span.source) {
            Ok(text) => {
                self.files.insert(name.to_owned(), text.clone());
                Some(text)
            }
            Err(complaint) => {
                self.complain(complaint, span);
                None
            }
        }
    }

    /// Notes a complaint about a value at `span`.
    pub(crate) fn complain(&mut self, complaint: Complaint, span: Span) {
        let mut diagnostic = Diagnostic::error(complaint.code, complaint.message).at(span, "this value");
        diagnostic.help.extend(complaint.help);
        self.say(diagnostic);
    }

    /// Notes that something else is due.
    pub(crate) fn expected(&mut self, what: &str, node: &Node) {
        self.say(Diagnostic::error("EW012", format!("{what} is due here, not {}", node.kind())).at(node.span, ""));
    }

    /// Notes a default.
    pub(crate) fn fill(&mut self, path: Path, text: &str, is_value: bool, whose: &'static str) {
        if !text.is_empty() {
            self.filled.push(Filled { path, text: text.to_owned(), is_value, whose });
        }
    }

    /// Opens a map against its block: unknown keys, keys that are not supported yet and missing keys are noted.
    pub(crate) fn open<'t>(
        &mut self,
        node: Option<&'t Node>,
        block: &'static Block,
        path: Path,
        at: Span,
    ) -> Option<Fields<'t>> {
        let map = match node {
            None => None,
            Some(node) if node.is_null() => None,
            Some(Node { value: Value::Map(map), .. }) => Some(map),
            Some(node) => {
                let keys: Vec<_> = block.keys.iter().filter(|key| key.live()).map(|key| key.name).take(6).collect();
                let diagnostic = Diagnostic::error("EW012", format!("a map is due here, not {}", node.kind()))
                    .at(node.span, path.join("."))
                    .help(format!("its keys are {}", keys.join(", ")));
                self.say(diagnostic);
                return None;
            }
        };
        let at = if at.is_none() { node.map_or(Span::NONE, |node| node.span) } else { at };
        for (key, entry) in map.into_iter().flatten() {
            self.known_key(block, key, entry);
        }
        let has = |name: &str| map.is_some_and(|map| map.contains_key(name));
        for key in block.keys.iter().filter(|key| key.fallback == Fallback::Required && !has(key.name)) {
            let place = if path.is_empty() { "the scenario".to_owned() } else { format!("`{}`", path.join(".")) };
            self.say(
                Diagnostic::error("EW013", format!("{place} lacks `{}`", key.name))
                    .at(at, "of this")
                    .help(format!("{}: {}", key.name, key.effect)),
            );
        }
        if block.one_of {
            let said: Vec<_> = map.into_iter().flatten().filter(|(key, _)| block.key(key).is_some()).collect();
            let keys: Vec<_> = block.keys.iter().filter(|key| key.live()).map(|key| key.name).collect();
            match said[..] {
                [] if map.is_none_or(|map| map.is_empty()) => {
                    self.say(
                        Diagnostic::error("EW013", format!("`{}` says nothing", path.join(".")))
                            .at(at, "")
                            .help(format!("write one of {}", keys.join(", "))),
                    );
                }
                [] | [_] => {}
                [(first, _), (second, entry), ..] => self.say(
                    Diagnostic::error("EW014", format!("`{first}` and `{second}` exclude each other"))
                        .at(entry.key, "the second of them")
                        .help(format!("write one of {}", keys.join(", "))),
                ),
            }
        }
        Some(Fields { map, block, path, asked: RefCell::default() })
    }

    fn known_key(&mut self, block: &'static Block, key: &str, entry: &Entry) {
        match block.key(key) {
            Some(known) if known.live() => {}
            Some(known) => self.say(
                Diagnostic::error("EW015", format!("`{key}` is known, but not supported yet"))
                    .at(entry.key, "not in this version")
                    .help(format!("remove it; it would say: {}", known.effect)),
            ),
            None => {
                let live = || block.keys.iter().filter(|key| key.live()).map(|key| key.name);
                let diagnostic = Diagnostic::error("EW016", format!("unknown key `{key}`"));
                let mut diagnostic = diagnostic.at(entry.key, format!("not a key of {}", block.title));
                diagnostic.help.push(match nearest(key, live()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the keys are {}", live().collect::<Vec<_>>().join(", ")),
                });
                self.say(diagnostic);
            }
        }
    }

    /// The text of a single value.
    pub(crate) fn text<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n str> {
        match node.as_text() {
            Some(text) if !node.is_null() => Some(text),
            _ => {
                self.expected(what, node);
                None
            }
        }
    }

    /// A quantity.
    pub(crate) fn read<T>(
        &mut self,
        node: &Node,
        what: &str,
        parse: impl Fn(&str) -> Result<T, Complaint>,
    ) -> Option<Spanned<T>> {
        let text = self.text(node, what)?;
        match parse(text) {
            Ok(value) => Some(Spanned::new(value, node.span)),
            Err(complaint) => {
                self.complain(complaint, node.span);
                None
            }
        }
    }

    /// One of a shape's words, by its place in the list.
    pub(crate) fn word(&mut self, node: &Node, shape: &'static Shape) -> Option<usize> {
        let (words, later) = words_of(shape).expect("a word is asked for only where the vocabulary lists words");
        let text = self.text(node, "a word")?;
        if let Some(index) = words.iter().position(|word| *word == text) {
            return Some(index);
        }
        let mut diagnostic = if later.contains(&text) {
            Diagnostic::error("EW015", format!("`{text}` is known, but not supported yet"))
        } else {
            Diagnostic::error("EW017", format!("`{text}` is none of the words that are due here"))
        }
        .at(node.span, "");
        diagnostic.help.push(match nearest(text, words.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("write one of {}", words.join(", ")),
        });
        self.say(diagnostic);
        None
    }

    /// A name of [a-z0-9-]{1,64}.
    pub(crate) fn check_name(&mut self, name: &str, span: Span) {
        let good = (1..=64).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !good {
            let mut fixed: String = name
                .to_lowercase()
                .chars()
                .map(|letter| if letter.is_ascii_lowercase() || letter.is_ascii_digit() { letter } else { '-' })
                .collect();
            fixed.truncate(64);
            self.say(Diagnostic::error("EW018", format!("`{name}` is not a name")).at(span, "").help(format!(
                "names are 1 to 64 of a-z, 0-9 and `-`: write `{}`",
                if fixed.is_empty() { "a" } else { &fixed }
            )));
        }
    }

    /// Is `name` one of the names of some kind of thing? If not, that is noted with the nearest.
    pub(crate) fn known<'n>(
        &mut self,
        kind: &str,
        name: &str,
        span: Span,
        names: impl IntoIterator<Item = &'n str> + Clone,
    ) -> bool {
        if names.clone().into_iter().any(|known| known == name) {
            return true;
        }
        if self.lost.contains(name) {
            return false;
        }
        if self.errors >= TOLD_MAX {
            self.errors += 1;
            return false;
        }
        let diagnostic = Diagnostic::error("EW201", format!("unknown {kind} `{name}`")).at(span, "");
        self.say(diagnostic.help(match nearest(name, names.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                let all: Vec<_> = names.into_iter().collect();
                match all[..] {
                    [] => format!("there is no {kind} in this scenario"),
                    _ if all.len() > 50 => format!("known here: {} and {} more", all[..50].join(", "), all.len() - 50),
                    _ => format!("known here: {}", all.join(", ")),
                }
            }
        }));
        false
    }

    /// The entries of a map from names, each name checked against the grammar of names.
    pub(crate) fn named<'t>(&mut self, node: Option<&'t Node>, what: &str) -> Vec<(&'t str, &'t Entry)> {
        let entries = self.entries(node, what);
        for (name, entry) in &entries {
            self.check_name(name, entry.key);
        }
        entries
    }

    /// The entries of a map.
    pub(crate) fn entries<'t>(&mut self, node: Option<&'t Node>, what: &str) -> Vec<(&'t str, &'t Entry)> {
        match node {
            None => Vec::new(),
            Some(node) => match &node.value {
                Value::Map(map) => map.iter().map(|(key, entry)| (key.as_str(), entry)).collect(),
                _ if node.is_null() => Vec::new(),
                _ => {
                    self.expected(&format!("a map of {what} by name"), node);
                    Vec::new()
                }
            },
        }
    }

    /// The items of a list.
    pub(crate) fn items<'t>(&mut self, node: &'t Node, what: &str) -> &'t [Node] {
        match &node.value {
            Value::List(items) => items,
            _ => {
                self.expected(&format!("a list of {what}"), node);
                &[]
            }
        }
    }
}

/// The words of a shape.
fn words_of(shape: &'static Shape) -> Option<(&'static [&'static str], &'static [&'static str])> {
    match shape {
        Shape::Word(words, later) => Some((words, later)),
        Shape::Either(forms) => forms.iter().find_map(words_of),
        Shape::List(shape) => words_of(shape),
        _ => None,
    }
}

/// What stands under a key: as written, or its default.
pub(crate) struct Said {
    /// The value.
    pub(crate) node: Node,
    /// Where in the scenario.
    pub(crate) path: Path,
}

impl<'t> Fields<'t> {
    fn ask(&self, name: &'static str) -> &'static crate::scenario::vocabulary::Key {
        let key =
            self.block.key(name).unwrap_or_else(|| panic!("`{name}` is in the vocabulary of {}", self.block.title));
        self.asked.borrow_mut().push(key.name);
        key
    }

    /// What is written under a key, if anything.
    pub(crate) fn written(&self, name: &'static str) -> Option<&'t Node> {
        self.ask(name);
        self.map?.get(name).map(|entry| &entry.node).filter(|node| !node.is_null())
    }

    /// The same with the place of the key.
    pub(crate) fn entry(&self, name: &'static str) -> Option<&'t Entry> {
        self.ask(name);
        self.map?.get(name).filter(|entry| !entry.node.is_null())
    }

    /// The shape of a key.
    pub(crate) fn shape(&self, name: &'static str) -> &'static Shape {
        &self.ask(name).shape
    }

    /// Where in the scenario a key's value stands.
    pub(crate) fn path_of(&self, name: &str) -> Path {
        below(&self.path, name)
    }

    /// What is written under a key, or its default, which is noted.
    pub(crate) fn said(&self, decoder: &mut Decoder, name: &'static str) -> Option<Said> {
        let key = self.ask(name);
        let path = self.path_of(name);
        if let Some(node) = self.written(name) {
            return Some(Said { node: node.clone(), path });
        }
        match key.fallback {
            Fallback::Required => None,
            Fallback::Means(words, whose) => {
                decoder.fill(path, words, false, whose);
                None
            }
            Fallback::Value(text, whose) => {
                decoder.fill(path.clone(), text, true, whose);
                Some(Said { node: Node::unsaid(text), path })
            }
        }
    }

    /// A quantity under a key, or its default.
    pub(crate) fn read<T>(
        &self,
        decoder: &mut Decoder,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, Complaint>,
    ) -> Option<Spanned<T>> {
        let said = self.said(decoder, name)?;
        decoder.read(&said.node, what_is_due(self.shape(name)), parse)
    }

    /// A whole number under a key, within the bounds of its shape, or its default.
    pub(crate) fn count(&self, decoder: &mut Decoder, name: &'static str) -> Option<Spanned<u64>> {
        let (low, high) = bounds(self.shape(name));
        self.read(decoder, name, |text| crate::scenario::quantity::count(text, low, high))
    }

    /// The same as 32 bits.
    pub(crate) fn count32(&self, decoder: &mut Decoder, name: &'static str) -> Option<Spanned<u32>> {
        let count = self.count(decoder, name)?;
        Some(count.map(|count| u32::try_from(count).expect("the vocabulary bounds this below 2^32")))
    }

    /// A plain number under a key, within the bounds of its shape, or its default.
    pub(crate) fn number(&self, decoder: &mut Decoder, name: &'static str) -> Option<Spanned<f64>> {
        let Shape::Number(low, high) = *self.shape(name) else { panic!("`{name}` is a number in the vocabulary") };
        self.read(decoder, name, |text| crate::scenario::quantity::number(text, low, high))
    }

    /// One of a key's words by its place in the list, or its default.
    pub(crate) fn word(&self, decoder: &mut Decoder, name: &'static str) -> Option<usize> {
        let said = self.said(decoder, name)?;
        decoder.word(&said.node, self.shape(name))
    }

    /// A text under a key.
    pub(crate) fn text(&self, decoder: &mut Decoder, name: &'static str) -> Option<Spanned<String>> {
        let said = self.said(decoder, name)?;
        let text = decoder.text(&said.node, "a text")?.to_owned();
        Some(Spanned::new(text, said.node.span))
    }

    /// Every live key of the block must have been asked for.
    pub(crate) fn close(self) {
        let asked = self.asked.borrow();
        for key in self.block.keys.iter().filter(|key| key.live()) {
            debug_assert!(asked.contains(&key.name), "the decoder reads `{}` of {}", key.name, self.block.title);
        }
    }
}

/// The bounds of a count among the forms of a shape.
pub(crate) fn bounds(shape: &'static Shape) -> (u64, u64) {
    fn find(shape: &'static Shape) -> Option<(u64, u64)> {
        match shape {
            Shape::Count(low, high) => Some((*low, *high)),
            Shape::Names(shape) | Shape::List(shape) => find(shape),
            Shape::Either(forms) => forms.iter().find_map(find),
            _ => None,
        }
    }
    find(shape).expect("a count is asked for only where the vocabulary has one")
}

/// What a shape is called in a message.
pub(crate) fn what_is_due(shape: &'static Shape) -> &'static str {
    match shape {
        Shape::Duration => "a duration such as `5ms`",
        Shape::Bytes => "a size such as `20KiB`",
        Shape::Bandwidth => "a link rate such as `200Mbps`",
        Shape::Rate => "a rate such as `400rps`",
        Shape::Share => "a share such as `5%`",
        Shape::Price => "a price such as `0.02 USD/GB`",
        Shape::Written { what, .. } => what,
        Shape::TimeOfDay => "a time of day such as `\"20:00\"`",
        Shape::Moment => "a moment such as `\"2026-06-01T19:30+08:00\"`",
        Shape::Cidr => "a block of addresses such as `10.10.0.0/16`",
        Shape::Count(..) | Shape::Number(..) => "a number",
        Shape::Word(..) => "a word",
        Shape::Either(forms) => forms.first().map_or("a value", what_is_due),
        _ => "a name",
    }
}
