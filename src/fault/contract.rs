//! What a fault may hit: named domains, and what goes down with each. Domains nest: a zone takes its replicas with it.
//!
//! Knows names and nothing else: a target is whatever the caller says it is.

use std::collections::{BTreeMap, BTreeSet};

use super::outage::KINDS;

/// How a peer notices that something is down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manner {
    /// Not at all: packets vanish, connections hang.
    Silent,
    /// The peer's host answers: connections are reset, new ones refused.
    Refused,
}

/// Why a `hit` is refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FaultError {
    /// Not a kind of domain.
    #[error("a fault cannot hit `{hit}`: a domain begins with {}", listed(&KINDS.map(|kind| format!("`{}/`", kind.word))))]
    UnknownKind {
        /// As written.
        hit: String,
    },
    /// Nothing has that name.
    #[error("nothing is called `{hit}`; {}", if nearest.is_empty() { "there is nothing of that kind".to_owned() } else { format!("there is {}", listed(nearest)) })]
    Unknown {
        /// As written.
        hit: String,
        /// The nearest names that exist, nearest first.
        nearest: Vec<String>,
    },
}

fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// Between the names of several that are hit together.
pub const JOINED: &str = " + ";

/// A domain's name and its targets, each once.
pub type Named<'s, T> = (&'s str, Vec<T>);

/// Everything that a fault can hit, by name, and the targets of each.
#[derive(Clone, Debug)]
pub struct Scene<T> {
    /// In the order of their making, as people write them.
    pub(super) domains: Vec<(String, Vec<T>)>,
    by_name: BTreeMap<String, usize>,
}

impl<T> Default for Scene<T> {
    fn default() -> Self {
        Scene { domains: Vec::new(), by_name: BTreeMap::new() }
    }
}

impl<T: Copy + Ord> Scene<T> {
    /// Says that there is such a domain. With no target a fault of it changes nothing: what a scenario names, but this
    /// variant does not use.
    pub fn declare(&mut self, domain: &str) {
        self.row(domain);
    }

    /// Says that `target` goes down with `domain`.
    pub fn add(&mut self, domain: &str, target: T) {
        let row = self.row(domain);
        self.domains[row].1.push(target);
    }

    fn row(&mut self, domain: &str) -> usize {
        let domains = &mut self.domains;
        *self.by_name.entry(plain(domain)).or_insert_with(|| {
            domains.push((domain.to_owned(), Vec::new()));
            domains.len() - 1
        })
    }

    /// Every domain with its targets, in the order of their making.
    pub fn domains(&self) -> impl Iterator<Item = (&str, &[T])> {
        self.domains.iter().map(|(name, targets)| (name.as_str(), targets.as_slice()))
    }

    /// What `hit` names, each target once, and how peers notice where the scenario says only `down: true`. A `*` stands
    /// for anything, `/` included; `@` and `#` may be written as `/`.
    pub fn targets(&self, hit: &str) -> Result<(Vec<T>, Manner), FaultError> {
        let (components, manner) = self.components(hit)?;
        Ok((each_once(components.into_iter().flat_map(|(_, targets)| targets)), manner))
    }

    /// The domains that `hit` names, each once and with its targets, by the name under which it is known; of several that
    /// are joined by ` + ` all. Peers notice as they do of the first.
    pub fn components(&self, hit: &str) -> Result<(Vec<Named<'_, T>>, Manner), FaultError> {
        if !hit.contains(JOINED) || self.by_name.contains_key(&plain(hit)) {
            return self.of_one(hit);
        }
        let (mut all, mut manner): (Vec<Named<'_, T>>, _) = (Vec::new(), None);
        for one in hit.split(JOINED) {
            let (found, its) = self.of_one(one)?;
            manner = manner.or(Some(its));
            let news: Vec<_> =
                found.into_iter().filter(|(name, _)| !all.iter().any(|other| other.0 == *name)).collect();
            all.extend(news);
        }
        Ok((all, manner.unwrap_or(Manner::Silent)))
    }

    fn of_one(&self, hit: &str) -> Result<(Vec<Named<'_, T>>, Manner), FaultError> {
        // All of them, where none is named.
        let hit = match hit {
            "control-plane" => "control-plane/*",
            "dns" => "dns/*",
            hit => hit,
        };
        let word = hit.split('/').next().unwrap_or_default();
        let kind = KINDS.iter().find(|kind| kind.word == word && hit.contains('/'));
        let kind = kind.ok_or_else(|| FaultError::UnknownKind { hit: hit.to_owned() })?;
        let pattern = plain(hit);
        let hits: Vec<usize> = match self.by_name.get(&pattern) {
            Some(&row) => vec![row],
            None if pattern.contains('*') => {
                (0..self.domains.len()).filter(|&row| glob(&pattern, &plain(&self.domains[row].0))).collect()
            }
            None => Vec::new(),
        };
        if hits.is_empty() {
            return Err(FaultError::Unknown { hit: hit.to_owned(), nearest: self.nearest(&pattern) });
        }
        let targets = |row: usize| each_once(self.domains[row].1.iter().copied());
        Ok((hits.into_iter().map(|row| (self.domains[row].0.as_str(), targets(row))).collect(), kind.manner))
    }

    /// Up to three names of the same kind, the likest first.
    fn nearest(&self, hit: &str) -> Vec<String> {
        let kind = hit.split('/').next().unwrap_or_default();
        let mut likely: Vec<(usize, &str)> = self
            .domains
            .iter()
            .filter(|(name, _)| name.split('/').next() == Some(kind))
            .map(|(name, _)| (strsim::damerau_levenshtein(hit, &plain(name)), name.as_str()))
            .collect();
        // Stable, so that the scenario's order decides between equals.
        likely.sort_by_key(|&(distance, _)| distance);
        likely.into_iter().take(3).map(|(_, name)| format!("`{name}`")).collect()
    }
}

fn each_once<T: Copy + Ord>(targets: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    targets.filter(|target| seen.insert(*target)).collect()
}

/// One spelling for all: `replica/orders@east#3` and `replica/orders/east/3` are the same replica.
pub(super) fn plain(name: &str) -> String {
    name.replace(['@', '#'], "/")
}

/// Does `pattern`, in which `*` stands for any text, cover the whole `name`?
pub(super) fn glob(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene() -> Scene<u32> {
        let mut scene = Scene::default();
        scene.add("zone/hangzhou/h", 1);
        scene.add("zone/hangzhou/h", 1);
        scene.add("zone/hangzhou/i", 2);
        scene.add("region/hangzhou", 1);
        scene.add("region/hangzhou", 2);
        scene.add("replica/orders@east#0", 10);
        scene.add("replica/orders@east#1", 11);
        scene.add("replica/web@east#0", 12);
        scene.declare("product/internet");
        scene
    }

    #[track_caller]
    fn check(hit: &str, want: &[u32], manner: Manner) {
        assert_eq!(scene().targets(hit), Ok((want.to_vec(), manner)), "{hit}");
    }

    #[test]
    fn a_name_hits_its_targets_once() {
        check("zone/hangzhou/h", &[1], Manner::Silent);
        check("region/hangzhou", &[1, 2], Manner::Silent);
        check("replica/orders@east#1", &[11], Manner::Refused);
        check("replica/orders/east/1", &[11], Manner::Refused);
    }

    #[test]
    fn a_star_stands_for_anything() {
        check("replica/*", &[10, 11, 12], Manner::Refused);
        check("replica/*@east#0", &[10, 12], Manner::Refused);
        check("zone/*/i", &[2], Manner::Silent);
        check("replica/o*s@e*1", &[11], Manner::Refused);
    }

    #[test]
    fn several_are_hit_together_each_once() {
        check("zone/hangzhou/i + zone/hangzhou/h", &[2, 1], Manner::Silent);
        check("replica/*@east#0 + replica/orders/*", &[10, 12, 11], Manner::Refused);
        assert!(scene().targets("zone/hangzhou/i + zone/hangzhou/k").is_err());
    }

    #[test]
    fn what_this_variant_does_not_use_may_fall_without_effect() {
        check("product/internet", &[], Manner::Silent);
    }

    #[test]
    fn what_does_not_exist_is_told_with_what_does() {
        let refused = |hit: &str| scene().targets(hit).expect_err("no such thing").to_string();
        assert_eq!(
            refused("zone/hangzhou/k"),
            "nothing is called `zone/hangzhou/k`; there is `zone/hangzhou/h` or `zone/hangzhou/i`"
        );
        assert_eq!(refused("link/a-b"), "nothing is called `link/a-b`; there is nothing of that kind");
        assert!(refused("replica/none@*").starts_with("nothing is called `replica/none@*`; there is `replica/"));
        assert_eq!(refused("dns"), "nothing is called `dns/*`; there is nothing of that kind");
        assert!(refused("rack/3").starts_with("a fault cannot hit `rack/3`: a domain begins with `region/`, "));
        assert!(refused("zone").starts_with("a fault cannot hit `zone`"));
    }
}
