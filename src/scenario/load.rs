//! A scenario file with everything that it refers to, as all its variants.

mod nulls;
mod set;

use super::copies;
use super::decode::{self, Decoded, Filled, Setting};
use super::diagnostic::{Diagnostic, gathered};
use super::file::Scenario;
use super::folder::{Folder, read_text};
use super::identity;
use super::istio;
use super::merge::{compose, merge, without_nulls};
use super::setting::{self, Hint};
use super::span::{SourceId, Sources, Span};
use super::tree::{self, Entry, Node, Value};
use super::vocabulary::FILE;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

pub use set::Laid;
pub(super) use set::{no_path, split_path};

/// A scenario stands on at most this many files, one over the other.
const BASES_MAX: usize = 8;
/// All variants together may have so many values: each is a scenario of its own.
const VALUES_MAX: usize = 20_000_000;
/// More variants are refused.
const VARIANTS_MAX: usize = 200;

/// What a scenario file says.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// All texts: the file, what it stands on, and each `--set`.
    pub sources: Sources,
    /// The scenario's name.
    pub name: String,
    /// What the reader wants to know.
    pub question: String,
    /// The variants, in the order of the file; one named `base` where the file has none.
    pub variants: Vec<Variant>,
    /// SHA-256 of the scenario text with everything that it refers to, hex.
    pub hash: String,
    /// Warnings.
    pub diagnostics: Vec<Diagnostic>,
    /// The scenario that the variants are laid over.
    pub base: Node,
}

/// One variant.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Its name.
    pub name: String,
    /// What it says, defaults filled in.
    pub scenario: Scenario,
    /// Base and overlay merged, as text with places.
    pub written: Node,
    /// The same with copies made: what was decoded.
    pub tree: Node,
    /// Defaults that were filled in.
    pub filled: Vec<Filled>,
    /// What the variant itself says.
    pub overlay: Option<Node>,
}

/// A scenario that cannot be run, with all that is wrong with it.
#[derive(Clone, Debug)]
pub struct Refused {
    /// All texts, for rendering.
    pub sources: Sources,
    /// Errors and warnings.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the scenario file at `path` with each `(path, value)` of `sets` set in it, `("workload.users.scale", "2")`.
pub fn load(path: &Path, sets: &[(String, String)]) -> Result<Loaded, Box<Refused>> {
    load_at(path, sets, &[])
}

/// The same, with the values of a point of its sweep laid over it, after `sets`.
pub fn load_at(path: &Path, sets: &[(String, String)], point: &[Laid]) -> Result<Loaded, Box<Refused>> {
    let mut loader = Loader { folder: Folder::of(path), ..Loader::default() };
    let name = path.display().to_string();
    let text = match read_text(path) {
        Ok(text) => text,
        Err(why) => {
            let source = loader.sources.add(name.clone(), "");
            let diagnostic = Diagnostic::error("EW019", format!("`{name}` {why}"));
            loader.diagnostics.push(diagnostic.at(Span { source, start: 0, end: 0 }, ""));
            return Err(loader.refused());
        }
    };
    let source = loader.sources.add(name, text);
    loader.folder.add(source, path);
    loader.load(source, path, sets, point)
}

/// Reads a scenario from a text; it may not name files.
pub fn load_text(name: &str, text: &str, sets: &[(String, String)]) -> Result<Loaded, Box<Refused>> {
    load_text_at(name, text, sets, &[])
}

/// The same, with the values of a point of its sweep laid over it, after `sets`.
pub fn load_text_at(name: &str, text: &str, sets: &[(String, String)], point: &[Laid]) -> Result<Loaded, Box<Refused>> {
    let mut loader = Loader::default();
    let source = loader.sources.add(name, text);
    loader.load(source, Path::new(name), sets, point)
}

#[derive(Default)]
struct Loader {
    sources: Sources,
    folder: Folder,
    diagnostics: Vec<Diagnostic>,
    files: BTreeMap<String, String>,
    hints: Vec<Hint>,
}

impl Loader {
    fn refused(self) -> Box<Refused> {
        Box::new(Refused { sources: self.sources, diagnostics: self.diagnostics })
    }

    fn failed(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    fn load(
        mut self,
        source: SourceId,
        path: &Path,
        sets: &[(String, String)],
        point: &[Laid],
    ) -> Result<Loaded, Box<Refused>> {
        let Some((mut base, mut variants)) = self.with_bases(source, path) else { return Err(self.refused()) };
        let before = base.clone();
        for (key, value) in sets {
            self.set(&mut base, &mut variants, key, value);
        }
        for laid in point {
            self.set_point(&mut base, &mut variants, laid);
            // Two points of a sweep are two scenarios, although they are of one text.
            self.files.insert(format!("point {}", laid.path), laid.node.as_text().unwrap_or_default().to_owned());
        }
        let overlays = self.overlays(&variants);
        let names: Vec<String> = overlays.iter().map(|(name, _)| name.clone()).collect();
        self.shadowed(sets, point, &overlays);
        let values = base.count().saturating_mul(overlays.len());
        if values > VALUES_MAX {
            let message = format!("{} variants have {values} values, more than {VALUES_MAX}", overlays.len());
            let help = "compare fewer variants at a time, each file standing on the same `base`";
            self.diagnostics.push(Diagnostic::error("EW009", message).at(variants.span, "").help(help));
            return Err(self.refused());
        }
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let file_name = plain_name(&stem);
        let mut decoded: Vec<(String, (Node, Node), Decoded)> = Vec::new();
        let said: Vec<Option<Node>> = overlays.iter().map(|(_, overlay)| overlay.clone()).collect();
        let mut known = istio::Known::default();
        for (name, overlay) in overlays {
            let merged = match &overlay {
                Some(overlay) => merge(base.clone(), overlay, Some(&FILE), "", &mut self.diagnostics),
                None => base.clone(),
            };
            let mut told = Vec::new();
            let merged = self.with_istio(merged, overlay.as_ref(), &mut known, &mut told);
            let whole = identity::expand(copies::expand(&merged, &mut told), &mut told);
            let setting = Setting { variant: &name, variants: &names, file_name: &file_name, folder: &self.folder };
            let mut result = decode::decode(&whole, &setting);
            result.diagnostics.splice(0..0, told);
            if whole != merged {
                copies::once(&mut result.diagnostics);
            }
            decoded.push((name, (merged, whole), result));
        }
        // What the base says is compared with the variants; its complaints are theirs.
        base = self.with_istio(base, None, &mut known, &mut Vec::new());
        for overlay in said.iter().flatten().filter(|overlay| !of_istio(overlay)) {
            self.diagnostics.extend(nulls::idle(&[&base, &before], overlay));
        }
        self.gather(&mut decoded);
        setting::explain(&self.hints, &mut self.diagnostics);
        if self.failed() {
            return Err(self.refused());
        }
        let mut variants = Vec::new();
        for ((name, (written, tree), result), overlay) in decoded.into_iter().zip(said) {
            self.files.extend(result.files);
            let scenario = result.scenario.expect("a variant without errors was decoded");
            variants.push(Variant { name, scenario, written, tree, filled: result.filled, overlay });
        }
        let scenarios: Vec<_> = variants.iter().map(|variant| &variant.scenario).collect();
        self.diagnostics.extend(decode::unused(&scenarios));
        if self.failed() {
            return Err(self.refused());
        }
        let first = scenarios.first().expect("a scenario has a variant");
        let (name, question) = (first.name.value.clone(), first.question.clone());
        let hash = self.hash();
        Ok(Loaded { sources: self.sources, name, question, variants, hash, diagnostics: self.diagnostics, base })
    }

    /// The tree of a file laid over the files that it stands on, and the overlays of its variants.
    fn with_bases(&mut self, source: SourceId, path: &Path) -> Option<(Node, Node)> {
        let mut layers = Vec::new();
        let mut seen: Vec<PathBuf> = vec![path.to_owned()];
        let mut source = source;
        loop {
            let text = self.sources.get(source).map(|source| source.text.clone()).unwrap_or_default();
            let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
            let offset = self.sources.get(source).map_or(0, |source| (source.text.len() - text.len()) as u32);
            let tree = tree::parse(source, &text, offset, &mut self.diagnostics)?;
            let base = tree.get("base").filter(|base| !base.is_null()).cloned();
            layers.push(take(tree, "base"));
            let Some(base) = base else { break };
            let Some(name) = base.as_text() else {
                self.diagnostics.push(
                    Diagnostic::error("EW012", format!("the name of a file is due here, not {}", base.kind()))
                        .at(base.span, ""),
                );
                return None;
            };
            let (next, text) =
                match self.folder.path(name, source).and_then(|path| Ok((path, self.folder.read(name, source)?))) {
                    Ok(found) => found,
                    Err(complaint) => {
                        let mut diagnostic =
                            Diagnostic::error(complaint.code, complaint.message).at(base.span, "this file");
                        diagnostic.help.extend(complaint.help);
                        self.diagnostics.push(diagnostic);
                        return None;
                    }
                };
            let circle =
                seen.iter().any(|known| std::fs::canonicalize(known).ok() == std::fs::canonicalize(&next).ok());
            if circle || seen.len() > BASES_MAX {
                let why = if circle {
                    "stands on itself".to_owned()
                } else {
                    format!("stands on more than {BASES_MAX} files")
                };
                self.diagnostics
                    .push(Diagnostic::error("EW021", format!("the scenario {why}")).at(base.span, "through this"));
                return None;
            }
            source = self.sources.add(next.display().to_string(), text);
            self.folder.add(source, &next);
            seen.push(next);
        }
        let mut merged = Node::empty_map();
        let mut overlays = Node::empty_map();
        while let Some(layer) = layers.pop() {
            // What is null in an overlay removes something later, once the overlay is laid over.
            if let Some(above) = layer.get("variants") {
                overlays = lay_variants(overlays, above);
            }
            let layer = take(layer, "variants");
            merged = match merged.as_map() {
                Some(map) if !map.is_empty() => merge(merged, &layer, Some(&FILE), "", &mut self.diagnostics),
                _ => without_nulls(&layer),
            };
        }
        Some((merged, overlays))
    }

    /// The overlays by variant; one without an overlay where the file has no variants.
    fn overlays(&mut self, variants: &Node) -> Vec<(String, Option<Node>)> {
        let alone = vec![("base".to_owned(), None)];
        if variants.is_null() {
            return alone;
        }
        let Some(map) = variants.as_map() else {
            let message = format!("a map of variants by name is due here, not {}", variants.kind());
            self.diagnostics.push(Diagnostic::error("EW012", message).at(variants.span, ""));
            return alone;
        };
        if map.len() > VARIANTS_MAX {
            self.diagnostics
                .push(Diagnostic::error("EW308", format!("more than {VARIANTS_MAX} variants")).at(variants.span, ""));
            return alone;
        }
        let mut overlays = Vec::new();
        for (name, entry) in map {
            let mut names = decode::fields::Decoder::default();
            names.check_name(name, entry.key);
            self.diagnostics.append(&mut names.diagnostics);
            let overlay = match &entry.node.value {
                Value::Map(map) => {
                    for key in ["variants", "base", "eastwest", "name", "question", "sweep"] {
                        self.not_of_a_variant(map.get(key), key);
                    }
                    let run = map.get("run").map(|entry| &entry.node).and_then(Node::as_map);
                    for key in ["seed", "replications"] {
                        self.not_of_a_variant(run.and_then(|run| run.get(key)), &format!("run.{key}"));
                    }
                    Some(entry.node.clone())
                }
                _ if entry.node.is_null() => None,
                _ => {
                    let message = format!("a variant is a map, not {}", entry.node.kind());
                    self.diagnostics
                        .push(Diagnostic::error("EW012", message).at(entry.node.span, "").help("`{}` changes nothing"));
                    None
                }
            };
            overlays.push((name.clone(), overlay));
        }
        if overlays.is_empty() { alone } else { overlays }
    }

    /// Notes what belongs to the whole study, where a variant says it.
    fn not_of_a_variant(&mut self, entry: Option<&Entry>, key: &str) {
        if let Some(entry) = entry {
            self.diagnostics.push(
                Diagnostic::error("EW023", format!("a variant has no `{key}` of its own"))
                    .at(entry.key, "in a variant")
                    .help("it belongs to the whole study: say it beside `variants:`"),
            );
        }
    }

    /// A tree with what its Istio files say.
    fn with_istio(
        &mut self,
        tree: Node,
        overlay: Option<&Node>,
        known: &mut istio::Known,
        told: &mut Vec<Diagnostic>,
    ) -> Node {
        let mut files = istio::Files { folder: &self.folder, sources: &mut self.sources, known };
        istio::lay(tree, overlay, &mut files, told)
    }

    /// Every variant's diagnostics, each once; what only some variants suffer from says so.
    fn gather(&mut self, decoded: &mut [(String, (Node, Node), Decoded)]) {
        let found = decoded.iter_mut().map(|(name, _, result)| (name.clone(), std::mem::take(&mut result.diagnostics)));
        self.diagnostics.extend(gathered(found.collect()));
    }

    fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        let texts = self.sources.iter().map(|(_, source)| &source.text).chain(self.files.values());
        for text in texts {
            // With its length, so that two texts are never read as one.
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        hasher.finalize().iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

/// The variants of a file over those that it stands on: what is null above removes a variant below. Within a variant a
/// null stays, to remove something once the variant is laid over the scenario; so does a variant without words of its own.
fn lay_variants(below: Node, above: &Node) -> Node {
    let removed = |key: &String| {
        let null = |node: Option<&Node>| node.is_some_and(Node::is_null);
        below.get(key).is_some_and(|known| !known.is_null()) && null(above.get(key))
    };
    let removed: Vec<String> =
        above.as_map().into_iter().flat_map(|map| map.keys()).filter(|k| removed(k)).cloned().collect();
    removed.iter().fold(compose(below, above), |laid, key| take(laid, key))
}

/// Has a variant Istio files of its own? They say names that stand nowhere else.
fn of_istio(overlay: &Node) -> bool {
    overlay.get("mesh").and_then(|mesh| mesh.get("istio")).is_some()
}

/// A tree without one of its keys.
fn take(mut tree: Node, key: &str) -> Node {
    if let Value::Map(map) = &mut tree.value {
        map.shift_remove(key);
    }
    tree
}

/// A file's name as a scenario's.
fn plain_name(stem: &str) -> String {
    let letters = stem
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(64)
        .collect::<String>();
    if letters.is_empty() { "scenario".into() } else { letters }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
eastwest: 1
name: example
question: Which way?
topology: {regions: {a: {}}, clusters: {c: {region: a}}}
services: {shop: {replicas: {c: 1}, work: 1ms}}
workload: {users: {from: a, to: shop, rate: 1rps}}
variants:
  cen: {}
  public: {services: {shop: {work: 2ms}}}
  own:
"#;

    fn names(loaded: &Loaded) -> Vec<&str> {
        loaded.variants.iter().map(|variant| variant.name.as_str()).collect()
    }

    #[test]
    fn null_removes_a_variant_of_the_file_below_and_of_nothing_else() {
        let parsed = |text: &str| {
            let mut said = Vec::new();
            tree::parse(SourceId(0), text, 0, &mut said).expect("it parses")
        };
        let keys = |node: &Node| -> Vec<String> { node.as_map().expect("a map").keys().cloned().collect() };
        let below = parsed("{cen: {}, public: {services: {shop: {queue: 3}}}, own: {}}");
        let laid = lay_variants(below, &parsed("{public: null, cen: {services: {shop: null}}, more: null}"));
        // What was not there is no removal: a variant without words of its own.
        assert_eq!(keys(&laid), ["cen", "own", "more"]);
        let shop = laid.get("cen").and_then(|cen| cen.get("services")).and_then(|services| services.get("shop"));
        assert!(shop.is_some_and(Node::is_null), "a null within a variant is kept for later");
    }

    #[test]
    fn a_variant_that_is_set_to_null_is_not_run() {
        let all = load_text("x.yaml", TEXT, &[]).unwrap_or_else(|refused| panic!("{:?}", refused.diagnostics));
        assert_eq!(names(&all), ["cen", "public", "own"]);
        let sets = [("variants.public".to_owned(), "null".to_owned())];
        let fewer = load_text("x.yaml", TEXT, &sets).unwrap_or_else(|refused| panic!("{:?}", refused.diagnostics));
        assert_eq!(names(&fewer), ["cen", "own"]);
    }
}
