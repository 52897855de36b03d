//! Istio's `failoverPriority`: hosts in the order of how many labels they share with the proxy
//! (`pilot/pkg/networking/core/loadbalancer`, `applyFailoverPriorityPerLocality`).

use super::setting::label::NETWORK;

/// A label of the list: a key, and the value to compare with where that is not the proxy's own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// The key.
    pub key: String,
    /// `key=value`.
    pub value: Option<String>,
}

impl Label {
    /// `key` or `key=value`.
    pub fn new(text: &str) -> Label {
        match text.split_once('=') {
            Some((key, value)) => Label { key: key.to_owned(), value: Some(value.to_owned()) },
            None => Label { key: text.to_owned(), value: None },
        }
    }
}

/// The priority of a host before compaction: of N labels N less the index of the first that does not match, 0 where all
/// match. A network that comes first and does not match adds N, and the rest is compared all the same, so that other
/// networks are ordered among themselves.
///
/// `proxy` and `host` tell the value of a key; a label that is not there is as good as an empty one, on either side. A
/// value given once for a key holds wherever the key stands in the list.
pub fn priority<'v>(labels: &[Label], proxy: impl Fn(&str) -> &'v str, host: impl Fn(&str) -> &'v str) -> u32 {
    let matches = |label: &Label| {
        let said = labels.iter().rev().filter(|other| other.key == label.key).find_map(|other| other.value.as_deref());
        said.unwrap_or_else(|| proxy(&label.key)) == host(&label.key)
    };
    let count = labels.len() as u32;
    let elsewhere = labels.first().is_some_and(|first| first.key == NETWORK && !matches(first));
    let rest = if elsewhere { 1 } else { 0 };
    let first_miss = labels.iter().skip(rest).position(|label| !matches(label));
    let within = first_miss.map_or(0, |index| count - (index + rest) as u32);
    within + if elsewhere { count } else { 0 }
}
