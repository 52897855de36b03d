//! Which requests a rule of a VirtualService means.
//!
//! Rules are looked at in order, and the first with a match that holds wins; the matches of a rule are alternatives, the
//! conditions of a match must all hold, and a rule without matches means every request. Who calls is settled when Istio
//! writes a proxy's routes, what is called when Envoy takes one: istio/istio 86c9f01 `pilot/pkg/networking/core/route/route.go`
//! (translateRoute, sourceMatchHTTP, TranslateRouteMatch), Envoy `source/common/router/config_impl.cc` and
//! `source/common/http/header_utility.cc`. Knows nothing of what a rule does.

use regex::Regex;

/// Conditions on one text.
#[derive(Clone, PartialEq, Debug)]
pub enum StringMatch {
    /// It is there, whatever it says (Istio: nothing but the name, or `regex: "*"`).
    Present,
    /// It is this, letter by letter.
    Exact(String),
    /// It begins with this, wherever that ends: `/log` means `/login` too.
    Prefix(String),
    /// All of it is what this expression describes.
    Regex(Pattern),
}

impl StringMatch {
    /// Istio's reading of `regex:`, in which a lone star is no expression.
    pub fn regex(text: &str) -> Result<StringMatch, String> {
        if text == "*" { Ok(StringMatch::Present) } else { Pattern::new(text).map(StringMatch::Regex) }
    }

    /// Does it hold of a text; none: there is none?
    pub fn holds(&self, text: Option<&str>) -> bool {
        let Some(text) = text else { return false };
        match self {
            StringMatch::Present => true,
            StringMatch::Exact(exact) => text == exact,
            StringMatch::Prefix(prefix) => text.starts_with(prefix.as_str()),
            StringMatch::Regex(pattern) => pattern.is_match(text),
        }
    }

    /// Istio's `withoutHeaders`: a header that is not there is as an empty one, unless all that is asked is its presence.
    fn holds_not(&self, text: Option<&str>) -> bool {
        match self {
            StringMatch::Present => text.is_none(),
            _ => !self.holds(Some(text.unwrap_or_default())),
        }
    }

    /// Does it hold of a path? Case is left aside on demand, but never within an expression.
    fn holds_of_path(&self, path: &str, ignore_case: bool) -> bool {
        let begins = |prefix: &str| path.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        match self {
            StringMatch::Exact(exact) if ignore_case => path.eq_ignore_ascii_case(exact),
            StringMatch::Prefix(prefix) if ignore_case => begins(prefix),
            _ => self.holds(Some(path)),
        }
    }
}

/// A regular expression (RE2's syntax) that the whole text must match.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    whole: Regex,
}

impl Pattern {
    /// Reads an expression; the error says in one line why it is none.
    pub fn new(text: &str) -> Result<Pattern, String> {
        let said = |error: regex::Error| {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default().trim();
            last.trim_start_matches("error: ").to_owned()
        };
        // Alone first: `a)(b` is no expression, though it would be one between brackets.
        Regex::new(text).map_err(said)?;
        let whole = Regex::new(&format!(r"\A(?:{text})\z")).map_err(said)?;
        Ok(Pattern { text: text.to_owned(), whole })
    }

    /// The expression as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Does it describe all of `text`?
    pub fn is_match(&self, text: &str) -> bool {
        self.whole.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.text == other.text
    }
}

/// Istio's `HTTPMatchRequest`: all that is said must hold; where nothing is said, every request is meant.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct HttpMatch {
    /// `uri`: the path, without its query.
    pub uri: Option<StringMatch>,
    /// `ignoreUriCase`.
    pub ignore_uri_case: bool,
    /// `method`.
    pub method: Option<StringMatch>,
    /// `scheme`.
    pub scheme: Option<StringMatch>,
    /// `authority`.
    pub authority: Option<StringMatch>,
    /// `headers`, by name in lower case.
    pub headers: Vec<(String, StringMatch)>,
    /// `withoutHeaders`: none of these may hold.
    pub without_headers: Vec<(String, StringMatch)>,
    /// `queryParams`, by name.
    pub query_params: Vec<(String, StringMatch)>,
    /// `port`, of the service that is called.
    pub port: Option<u16>,
    /// `sourceLabels`; not looked at where gateways are named.
    pub source_labels: Vec<(String, String)>,
    /// `sourceNamespace`; not looked at where gateways are named.
    pub source_namespace: Option<String>,
    /// `gateways`: names of gateways, `mesh` for all sidecars; empty: those of the whole VirtualService.
    pub gateways: Vec<String>,
}

/// Istio's name for the gateway that all sidecars stand for.
pub const MESH: &str = "mesh";

/// The proxy that calls.
#[derive(Clone, Copy, Debug, Default)]
pub struct Source<'a> {
    /// Labels of its workload.
    pub labels: &'a [(String, String)],
    /// Its namespace.
    pub namespace: &'a str,
    /// The gateways it stands for; a sidecar is [`MESH`].
    pub gateways: &'a [&'a str],
    /// The port that is called; none: it is not known, and no rule that names one is meant.
    pub port: Option<u16>,
}

/// What of a request rules look at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// The path with its query.
    pub path: &'a str,
    /// `GET`.
    pub method: &'a str,
    /// `http`.
    pub scheme: &'a str,
    /// The host that is called.
    pub authority: &'a str,
    /// By name in lower case; of two alike the first is looked at.
    pub headers: &'a [(&'a str, &'a str)],
}

impl Request<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// The path as rules see it: neither query nor fragment.
    fn bare_path(&self) -> &str {
        self.path.split(['?', '#']).next().unwrap_or_default()
    }

    /// The first value of a query's parameter, as it is written.
    fn query_param(&self, name: &str) -> Option<&str> {
        let (_, query) = self.path.split('#').next()?.split_once('?')?;
        let parts = query.split('&').map(|part| part.split_once('=').unwrap_or((part, "")));
        parts.into_iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}

impl HttpMatch {
    /// Is it of the routes that this proxy is given?
    pub fn concerns(&self, source: &Source<'_>) -> bool {
        if self.port.is_some() && self.port != source.port {
            return false;
        }
        if !self.gateways.is_empty() {
            return self.gateways.iter().any(|gateway| source.gateways.contains(&gateway.as_str()));
        }
        self.source_labels.iter().all(|label| source.labels.contains(label))
            && self.source_namespace.as_deref().is_none_or(|namespace| namespace == source.namespace)
    }

    /// Does all that is said of the request hold?
    pub fn holds(&self, request: &Request<'_>) -> bool {
        let is = |said: &Option<StringMatch>, text: &str| said.as_ref().is_none_or(|said| said.holds(Some(text)));
        let path = request.bare_path();
        self.uri.as_ref().is_none_or(|uri| uri.holds_of_path(path, self.ignore_uri_case))
            && is(&self.method, request.method)
            && is(&self.scheme, request.scheme)
            && is(&self.authority, request.authority)
            && self.headers.iter().all(|(name, said)| said.holds(request.header(name)))
            && self.without_headers.iter().all(|(name, said)| said.holds_not(request.header(name)))
            && self.query_params.iter().all(|(name, said)| said.holds(request.query_param(name)))
    }

    /// Is every request of a caller meant? Istio writes no route after such a one (IsCatchAllRoute).
    pub fn is_catch_all(&self) -> bool {
        let any_path = match &self.uri {
            None | Some(StringMatch::Present) => true,
            Some(StringMatch::Prefix(prefix)) => prefix == "/",
            Some(StringMatch::Regex(pattern)) => pattern.as_str() == ".*",
            Some(StringMatch::Exact(_)) => false,
        };
        let of_the_head = self.method.is_some() || self.scheme.is_some() || self.authority.is_some();
        let of_headers = !self.headers.is_empty() || !self.without_headers.is_empty();
        any_path && !of_the_head && !of_headers && self.query_params.is_empty()
    }
}

/// The rules of which this proxy is given routes, by index: those with a match that concerns it, up to the first that
/// means every request.
pub fn given<'a>(rules: impl IntoIterator<Item = &'a [HttpMatch]>, source: &Source<'_>) -> Vec<usize> {
    let mut given = Vec::new();
    for (index, matches) in rules.into_iter().enumerate() {
        let concerning = || matches.iter().filter(|entry| entry.concerns(source));
        if matches.is_empty() || concerning().next().is_some() {
            given.push(index);
        }
        if matches.is_empty() || concerning().any(HttpMatch::is_catch_all) {
            break;
        }
    }
    given
}

/// What the rules of a service make of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// The rule that it meets, by index.
    Rule(usize),
    /// No rule concerns this sidecar, so that it has Istio's default route, to all hosts.
    Unruled,
    /// It meets none: 404.
    NoRoute,
}

/// The first rule that means this request of this proxy.
pub fn first<'a>(
    rules: impl IntoIterator<Item = &'a [HttpMatch]>,
    source: &Source<'_>,
    request: &Request<'_>,
) -> Found {
    let rules: Vec<&[HttpMatch]> = rules.into_iter().collect();
    first_given(&rules, &given(rules.iter().copied(), source), source, request)
}

/// The same of rules of which is known which this proxy is given: one proxy meets many requests.
pub fn first_given(rules: &[&[HttpMatch]], given: &[usize], source: &Source<'_>, request: &Request<'_>) -> Found {
    let met = |matches: &[HttpMatch]| {
        matches.is_empty() || matches.iter().any(|entry| entry.concerns(source) && entry.holds(request))
    };
    // A VirtualService of which nothing is left is as none to a sidecar; a gateway has nothing else.
    if given.is_empty() && source.gateways.contains(&MESH) {
        return Found::Unruled;
    }
    given.iter().find(|&&index| met(rules[index])).map_or(Found::NoRoute, |&index| Found::Rule(index))
}
