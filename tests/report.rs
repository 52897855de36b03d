//! What a person sees of a study: text under snapshot, and what must hold of every chart and page.

#[path = "report/synthetic.rs"]
mod synthetic;

use eastwest::record::Comparison;
use eastwest::report::charts::{Figure, figures};
use eastwest::report::markdown::markdown;
use eastwest::report::terminal::{Style, compare, estimate, run, waterfall};
use eastwest::report::{drawn, html};
use expect_test::expect_file;
use resvg::usvg;

const COLOUR: Style = Style { colour: true, unicode: true };
const ASCII: Style = Style { colour: false, unicode: false };

#[test]
fn the_answer_of_compare() {
    expect_file!["report/compare.txt"].assert_eq(&compare(&synthetic::comparison(), 100, Style::PLAIN));
}

#[test]
fn the_answer_of_run() {
    let mut one = synthetic::comparison();
    one.variants.truncate(1);
    one.differences.clear();
    one.gates.retain(|gate| gate.variant == "cen");
    expect_file!["report/run.txt"].assert_eq(&run(&one, 100, Style::PLAIN));
}

#[test]
fn the_answer_of_estimate() {
    expect_file!["report/estimate.txt"].assert_eq(&estimate(&synthetic::projection(), 100, Style::PLAIN));
}

#[test]
fn the_waterfall_of_a_request_sums_to_its_latency() {
    expect_file!["report/waterfall.txt"].assert_eq(&waterfall(&synthetic::trace(), 100, Style::PLAIN));
}

#[test]
fn the_summary_in_markdown() {
    expect_file!["report/summary.md"].assert_eq(&markdown(&synthetic::comparison()));
}

#[test]
fn nothing_is_wider_than_the_terminal_and_colour_changes_no_letter() {
    let comparison = synthetic::many(8);
    let plain = compare(&comparison, 100, Style::PLAIN);
    for line in plain.lines() {
        assert!(line.chars().count() <= 100, "{} columns: {line}", line.chars().count());
    }
    assert_eq!(without_escapes(&compare(&comparison, 100, COLOUR)), plain);
    assert!(compare(&comparison, 100, ASCII).is_ascii());
}

#[test]
fn a_study_without_figures_says_why_and_prints_no_number_for_them() {
    let text = compare(&synthetic::bare(), 100, Style::PLAIN);
    assert!(text.contains("none: nothing was answered"), "{text}");
    assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
}

fn without_escapes(text: &str) -> String {
    let mut out = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            letters.by_ref().find(|letter| *letter == 'm');
        } else {
            out.push(letter);
        }
    }
    out
}

/// Every study that charts must survive, by name.
fn studies() -> Vec<(&'static str, Comparison)> {
    vec![
        ("three", synthetic::comparison()),
        ("one", synthetic::alone()),
        ("eight", synthetic::many(8)),
        ("bare", synthetic::bare()),
        ("free", synthetic::free()),
        ("wide", synthetic::wide()),
    ]
}

#[test]
fn every_chart_is_a_picture_with_its_headline_and_the_same_bytes_twice() {
    for (study, comparison) in studies() {
        for (figure, again) in figures(&comparison).iter().zip(figures(&comparison)) {
            assert_eq!(*figure, again, "{study} {}", figure.name);
            let png = figure.png();
            keep(study, figure, &png);
            assert_eq!(png, again.png(), "{study} {}", figure.name);
            let (width, height) = png_size(&png);
            assert_eq!(width, 1720, "two pixels for each of 860");
            assert!(height > 300);
            assert!(!figure.headline.is_empty());
            assert!(
                figure.svg.contains("<title") && figure.svg.contains("<desc") && figure.svg.contains("role=\"img\"")
            );
            assert!(!figure.svg.contains("NaN") && !figure.svg.contains("inf"), "{study} {}", figure.name);
        }
    }
}

#[test]
fn every_label_has_a_width_and_lies_within_the_picture() {
    let mut fonts = usvg::fontdb::Database::new();
    fonts.load_font_data(include_bytes!("../src/report/assets/Inter-400Regular.subset.ttf").to_vec());
    fonts.load_font_data(include_bytes!("../src/report/assets/Inter-700Bold.subset.ttf").to_vec());
    let options = usvg::Options { fontdb: fonts.into(), ..usvg::Options::default() };
    for (study, comparison) in studies() {
        for figure in figures(&comparison) {
            let tree = usvg::Tree::from_str(&figure.svg, &options).unwrap();
            let labels = labels(tree.root());
            assert!(labels.len() > 3, "{study} {}: headline, caption, footer and something between", figure.name);
            for (text, area) in labels {
                let place = format!("{study} {}: {text:?} at {area:?}", figure.name);
                assert!(area.width() > 2.0, "{place} has no width");
                let (right, bottom) = (tree.size().width(), tree.size().height());
                assert!(area.left() >= 0.0 && area.top() >= 0.0, "{place} begins outside");
                assert!(area.right() <= right && area.bottom() <= bottom, "{place} ends outside");
            }
        }
    }
}

/// Texts and where their letters are.
fn labels(group: &usvg::Group) -> Vec<(String, usvg::Rect)> {
    let mut found = Vec::new();
    for node in group.children() {
        match node {
            usvg::Node::Group(inner) => found.extend(labels(inner)),
            usvg::Node::Text(text) => {
                let letters = text.chunks().iter().map(|chunk| chunk.text()).collect();
                found.push((letters, text.abs_bounding_box()));
            }
            _ => {}
        }
    }
    found
}

#[test]
fn every_variant_is_named_in_every_chart() {
    let study = synthetic::comparison();
    for figure in figures(&study) {
        for variant in &study.variants {
            assert!(figure.svg.contains(&format!(">{}</text>", variant.name)), "{} in {}", variant.name, figure.name);
        }
    }
}

#[test]
fn headlines_are_computed_and_follow_the_figures() {
    let headline = |study: &Comparison, chart: usize| figures(study)[chart].headline.clone();
    let mut study = synthetic::comparison();
    assert_eq!(headline(&study, 0), "p99: privatelink 57.2 ms is fastest, before cen 61.3 ms and public 214 ms");
    let p99 = study.differences.iter_mut().find(|d| d.variant == "privatelink" && d.metric == "p99").unwrap();
    p99.difference = synthetic::between(-4.1, -9.0, 0.8);
    assert_eq!(
        headline(&study, 0),
        "p99: privatelink 57.2 ms and cen 61.3 ms are not distinguishable, before public 214 ms"
    );
    assert_eq!(headline(&study, 2), "On cost, p99 and success together, cen beats privatelink");
}

#[test]
fn the_page_is_whole_small_and_the_same_twice() {
    for (study, comparison) in studies() {
        let page = html::page(&comparison);
        keep_page(study, &page);
        assert_eq!(page, html::page(&comparison), "{study}");
        assert!(page.contains("default-src 'none'"), "the page forbids itself the network");
        let scripts = page.matches("<script").count();
        assert_eq!((scripts, page.matches("</script").count()), (1, 1), "{study}");
        assert!(!page.contains("NaN"), "{study}");
    }
    let bytes = html::page(&synthetic::comparison()).len();
    assert!(bytes < 400_000, "{bytes} bytes for three variants");
}

#[test]
fn hostile_names_stay_names() {
    let name = "</script><img src=x onerror=alert(1)>\"'&";
    let mut study = synthetic::comparison();
    study.scenario = name.into();
    study.question = name.into();
    study.verdict = name.into();
    study.text = name.into();
    study.warnings = vec![name.into()];
    study.faults[0].name = name.into();
    study.gates[0].check = name.into();
    let variant = &mut study.variants[0];
    variant.name = name.into();
    variant.bill.lines[0].item = name.into();
    variant.bill.lines[0].source = format!("https://x/{name}").replace(' ', "%20");
    variant.traces[0].spans[0].what = name.into();
    let page = html::page(&study);
    assert!(!page.contains("<img"), "markup from a name");
    assert_eq!(page.matches("</script").count(), 1);
    for figure in figures(&study) {
        assert!(!figure.svg.contains("<img"));
        assert_eq!(png_size(&figure.png()).0, 1720, "still well-formed");
    }
    assert!(!markdown(&study).contains("<img"));
}

#[test]
fn a_result_has_every_chart_in_both_forms_the_page_and_the_bill() {
    let study = synthetic::comparison();
    let files = drawn(&study);
    let names = files.iter().map(|file| file.name.clone());
    let want = ["latency", "cost", "choice", "timeline"]
        .iter()
        .flat_map(|name| [format!("charts/{name}.svg"), format!("charts/{name}.png")]);
    assert_eq!(
        names.collect::<Vec<_>>(),
        want.chain(["report.html".to_owned(), "bill.xlsx".to_owned()]).collect::<Vec<_>>()
    );
    for file in &files {
        let bytes = (file.bytes)();
        let begins: &[u8] = match file.name.rsplit('.').next() {
            Some("png") => b"\x89PNG",
            Some("svg") => b"<svg",
            Some("xlsx") => b"PK",
            _ => b"<!doctype html>",
        };
        assert!(bytes.starts_with(begins), "{}", file.name);
    }
}

fn keep_page(study: &str, page: &str) {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("report");
    std::fs::create_dir_all(&folder).expect("a folder under target");
    std::fs::write(folder.join(format!("{study}.html")), page).expect("a file under target");
}

/// Leaves the picture where a person can look at it: `target/tmp/report/`.
fn keep(study: &str, figure: &Figure, png: &[u8]) {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("report");
    std::fs::create_dir_all(&folder).expect("a folder under target");
    std::fs::write(folder.join(format!("{study}-{}.png", figure.name)), png).expect("a file under target");
    std::fs::write(folder.join(format!("{study}-{}.svg", figure.name)), &figure.svg).expect("a file under target");
}

/// Width and height from a PNG's header, after its signature was checked.
fn png_size(png: &[u8]) -> (u32, u32) {
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!(&png[12..16], b"IHDR");
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().expect("four bytes"));
    (number(16), number(20))
}
