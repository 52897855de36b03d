//! Names that stand for many: `copies: {dev: 50}` makes of an entry `lane-$dev: {..}` fifty of them, `lane-1` to `lane-50`.
//!
//! A counter that stands in a key of a map, or in an item of a list, multiplies that entry or item; below it, in keys and
//! in texts, it is the number of the copy. Done on the tree, once variants and settings are laid over it and before it is
//! decoded: whatever can be named can be copied, and nothing else has to know. Where no counter is declared, `$` is a letter.

use super::diagnostic::Diagnostic;
use super::quantity;
use super::span::Span;
use super::tree::{Entry, NODES_MAX, Node, Value};
use super::vocabulary::{COPIES_MAX, COPIES_MIN};
use indexmap::IndexMap;

/// A declared counter.
struct Counter {
    name: String,
    count: u64,
}

/// The number that a counter is within a copy.
type Bound<'a> = Vec<(&'a str, u64)>;

/// `tree` with its counters' entries multiplied; as it is where it declares none.
pub(super) fn expand(tree: &Node, diagnostics: &mut Vec<Diagnostic>) -> Node {
    let Some(declared) = tree.get("copies").and_then(Node::as_map) else { return tree.clone() };
    // What is wrong with a declaration the decoder tells; here it is left out.
    let counters: Vec<Counter> = declared
        .iter()
        .filter_map(|(name, entry)| {
            let count = quantity::count(entry.node.as_text()?, COPIES_MIN, COPIES_MAX).ok()?;
            Some(Counter { name: name.clone(), count })
        })
        .collect();
    let mut copier = Copier { counters: &counters, nodes: 0, used: vec![false; counters.len()], said: Vec::new() };
    let expanded = copier.node(tree, &Vec::new());
    if copier.nodes > NODES_MAX {
        let at = tree.as_map().and_then(|map| map.get("copies")).map_or(Span::NONE, |entry| entry.key);
        diagnostics.push(
            Diagnostic::error("EW009", format!("copies make more than {NODES_MAX} values of the scenario"))
                .at(at, "")
                .help("copy fewer, or copy less: what all share needs no copy"),
        );
        return tree.clone();
    }
    for counter in counters.iter().filter(|counter| counter.count == 0) {
        let at = declared.get(&counter.name).map_or(Span::NONE, |entry| entry.key);
        copier.said.push(
            Diagnostic::warning("EW476", format!("no copy is made for `${}`", counter.name))
                .at(at, "zero of them")
                .help("what is named with it is left out: write a number above zero where that is not meant"),
        );
    }
    let unused = |(counter, used): &(&Counter, &bool)| !**used && counter.count > 0;
    for (counter, _) in counters.iter().zip(&copier.used).filter(unused) {
        let at = declared.get(&counter.name).map_or(Span::NONE, |entry| entry.key);
        copier.said.push(
            Diagnostic::warning("EW476", format!("no name has `${}` in it", counter.name))
                .at(at, "this counter")
                .help(format!("an entry named with it stands for as many: `name-${}: ..`", counter.name)),
        );
    }
    diagnostics.append(&mut copier.said);
    expanded
}

/// Diagnostics of copies: the same complaint at the same place is told of the first copy only.
pub(super) fn once(diagnostics: &mut Vec<Diagnostic>) {
    let mut known: Vec<(&'static str, Span)> = Vec::new();
    diagnostics.retain(|one| {
        let Some(label) = one.labels.first() else { return true };
        let place = (one.code, label.span);
        let new = !known.contains(&place);
        if new {
            known.push(place);
        }
        new
    });
}

struct Copier<'a> {
    counters: &'a [Counter],
    /// Values made so far; past the limit nothing more is made.
    nodes: usize,
    used: Vec<bool>,
    said: Vec<Diagnostic>,
}

impl<'a> Copier<'a> {
    fn node(&mut self, node: &Node, bound: &Bound<'a>) -> Node {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return node.clone();
        }
        let value = match &node.value {
            Value::Scalar { text, plain } => Value::Scalar { text: self.text(text, node.span, bound), plain: *plain },
            Value::List(items) => {
                let mut list = Vec::new();
                for item in items {
                    self.each(item, None, bound, &mut |copier, _, bound| list.push(copier.node(item, bound)));
                }
                Value::List(list)
            }
            Value::Map(entries) => {
                let mut map: IndexMap<String, Entry> = IndexMap::new();
                for (key, entry) in entries {
                    // What declares counters is no place for them.
                    if key == "copies" && bound.is_empty() && self.is_declaration(&entry.node) {
                        map.insert(key.clone(), entry.clone());
                        continue;
                    }
                    self.each(&entry.node, Some(key), bound, &mut |copier, key, bound| {
                        let node = copier.node(&entry.node, bound);
                        let key = key.expect("an entry of a map has a key");
                        if map.contains_key(&key) {
                            copier.said.push(
                                Diagnostic::error(
                                    "EW475",
                                    format!("a copy is named `{key}`, and so is something else"),
                                )
                                .at(entry.key, "copies of this")
                                .help("let the names of copies begin with something of their own"),
                            );
                        }
                        map.insert(key, Entry { key: entry.key, node });
                    });
                }
                Value::Map(map)
            }
        };
        Node { span: node.span, value }
    }

    fn is_declaration(&self, node: &Node) -> bool {
        node.as_map().is_some_and(|map| self.counters.iter().all(|counter| map.contains_key(&counter.name)))
    }

    /// Calls `make` once for each copy: of an entry by the counters of its key, of an item by those anywhere in it.
    fn each(
        &mut self,
        node: &Node,
        key: Option<&String>,
        bound: &Bound<'a>,
        make: &mut dyn FnMut(&mut Self, Option<String>, &Bound<'a>),
    ) {
        let free: Option<usize> = (0..self.counters.len()).find(|&index| {
            let name = self.counters[index].name.as_str();
            let taken = bound.iter().any(|(known, _)| *known == name);
            !taken && key.map_or_else(|| self.free_in(node, name), |key| self.at(key, name).is_some())
        });
        let Some(index) = free else {
            let key = key.map(|key| self.filled(key, bound));
            make(self, key, bound);
            return;
        };
        self.used[index] = true;
        let counters = self.counters;
        for number in 1..=counters[index].count {
            if self.nodes > NODES_MAX {
                return;
            }
            let mut bound = bound.clone();
            bound.push((&counters[index].name, number));
            self.each(node, key, &bound, make);
        }
    }

    /// Does a counter stand in a text of this item where no key below it binds it?
    fn free_in(&self, node: &Node, name: &str) -> bool {
        match &node.value {
            Value::Scalar { text, .. } => self.at(text, name).is_some(),
            // An item of a list within is multiplied itself.
            Value::List(_) => false,
            Value::Map(map) => {
                map.iter().any(|(key, entry)| self.at(key, name).is_none() && self.within(&entry.node, name))
            }
        }
    }

    /// The same below a key of a map item: `{choose: [{weight: 1, steps: [{call: cart-$dev}]}]}` is one item for each copy.
    fn within(&self, node: &Node, name: &str) -> bool {
        match &node.value {
            Value::List(items) => items.iter().any(|item| self.within(item, name)),
            Value::Map(map) => {
                map.iter().any(|(key, entry)| self.at(key, name).is_none() && self.within(&entry.node, name))
            }
            Value::Scalar { .. } => self.free_in(node, name),
        }
    }

    /// Where `$name` stands in a text: the longest name that is declared counts.
    fn at(&self, text: &str, name: &str) -> Option<usize> {
        let mut from = 0;
        while let Some(found) = text[from..].find('$').map(|found| from + found) {
            let rest = &text[found + 1..];
            let fits = |known: &str| {
                let next = rest.strip_prefix(known).map(|after| after.chars().next());
                next.is_some_and(|next| next.is_none_or(|next| !next.is_ascii_alphanumeric()))
            };
            let longest = self.counters.iter().map(|counter| counter.name.as_str()).filter(|known| fits(known));
            if longest.max_by_key(|known| known.len()) == Some(name) {
                return Some(found);
            }
            from = found + 1;
        }
        None
    }

    /// A text with the numbers of bound counters in it.
    fn filled(&self, text: &str, bound: &Bound<'a>) -> String {
        let mut text = text.to_owned();
        for (name, number) in bound {
            while let Some(at) = self.at(&text, name) {
                text.replace_range(at..at + 1 + name.len(), &number.to_string());
            }
        }
        text
    }

    fn text(&mut self, text: &str, span: Span, bound: &Bound<'a>) -> String {
        if !text.contains('$') {
            return text.to_owned();
        }
        let text = self.filled(text, bound);
        if let Some(counter) = self.counters.iter().find(|counter| self.at(&text, &counter.name).is_some()) {
            self.said.push(
                Diagnostic::error("EW475", format!("`${}` stands in no copy here", counter.name)).at(span, "").help(
                    format!(
                        "it is the number of a copy below a name such as `name-${}`, or in an item of a list",
                        counter.name
                    ),
                ),
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::span::SourceId;
    use crate::scenario::tree::parse;

    fn expanded(text: &str) -> (Node, Vec<Diagnostic>) {
        let mut said = Vec::new();
        let tree = parse(SourceId(0), text, 0, &mut said).expect("it parses");
        let tree = expand(&tree, &mut said);
        (tree, said)
    }

    fn shown(node: &Node) -> String {
        match &node.value {
            Value::Scalar { text, .. } => text.clone(),
            Value::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(" ")),
            Value::Map(map) => {
                let entries: Vec<String> =
                    map.iter().map(|(key, entry)| format!("{key}:{}", shown(&entry.node))).collect();
                format!("{{{}}}", entries.join(" "))
            }
        }
    }

    #[track_caller]
    fn check(text: &str, key: &str, want: &str) {
        let (tree, said) = expanded(text);
        assert!(said.iter().all(|one| !one.is_error()), "{said:?}");
        assert_eq!(shown(tree.get(key).expect("the key is there")), want);
    }

    #[test]
    fn an_entry_stands_for_as_many_and_below_it_the_counter_is_a_number() {
        check("{copies: {dev: 2}, a: {w-$dev: {to: c-$dev}, x: 1}}", "a", "{w-1:{to:c-1} w-2:{to:c-2} x:1}");
        check("{copies: {dev: 0}, a: {w-$dev: {}, x: 1}}", "a", "{x:1}");
        check("{copies: {i: 2, j: 2}, a: {$i-$j: $i$j}}", "a", "{1-1:11 1-2:12 2-1:21 2-2:22}");
    }

    #[test]
    fn an_item_of_a_list_stands_for_as_many_too() {
        check("{copies: {dev: 3}, a: [x, c-$dev]}", "a", "[x c-1 c-2 c-3]");
        check(
            "{copies: {dev: 2}, a: [{choose: [{weight: 1, steps: [{call: c-$dev}]}, {weight: 9}]}]}",
            "a",
            "[{choose:[{weight:1 steps:[{call:c-1}]} {weight:9}]} {choose:[{weight:1 steps:[{call:c-2}]} {weight:9}]}]",
        );
        check("{copies: {dev: 2}, w-$dev: [c-$dev]}", "w-2", "[c-2]");
    }

    #[test]
    fn what_is_no_counter_is_text() {
        check(
            "{copies: {dev: 2, dev-x: 1}, a: {r: ^/$, s: $developer, t-$dev-x: $dev-x}}",
            "a",
            "{r:^/$ s:$developer t-1:1}",
        );
        let (tree, said) = expanded("{a: {w-$dev: 1}}");
        assert!(said.is_empty() && shown(&tree) == "{a:{w-$dev:1}}");
    }

    #[test]
    fn a_counter_outside_of_copies_and_two_things_of_one_name_are_wrong() {
        let codes = |text: &str| expanded(text).1.iter().map(|one| one.code).collect::<Vec<_>>();
        assert_eq!(codes("{copies: {dev: 2}, a: {w-$dev: 1, users: $dev}}"), ["EW475"]);
        assert_eq!(codes("{copies: {dev: 2}, a: {w-1: 1, w-$dev: 2}}"), ["EW475"]);
        assert_eq!(codes("{copies: {dev: 2}, a: 1}"), ["EW476"]);
        assert_eq!(codes("{copies: {i: 10000, j: 10000}, a: {$i: {$j: 1}}}"), ["EW009"]);
    }
}
