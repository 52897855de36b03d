//! Trees of texts, good and bad.

use super::*;

fn read(text: &str) -> (Option<Node>, Vec<String>) {
    let mut diagnostics = Vec::new();
    let node = parse(SourceId(0), text, 0, &mut diagnostics);
    (node, diagnostics.into_iter().map(|d| d.message).collect())
}

fn said(text: &str, span: Span) -> &str {
    &text[span.start as usize..span.end as usize]
}

#[test]
fn every_key_and_value_knows_where_it_was_said() {
    let text = "frage: \"schön\"\nregions: {hz: [h, i]} # x\nlast:\n  a: 1\n  b: 2\n\n";
    let (node, complaints) = read(text);
    assert!(complaints.is_empty(), "{complaints:?}");
    let node = node.expect("a tree");
    let regions = &node.as_map().expect("a map")["regions"];
    assert_eq!(said(text, regions.key), "regions");
    assert_eq!(said(text, regions.node.span), "{hz: [h, i]}");
    assert_eq!(said(text, node.get("frage").expect("it is there").span), "\"schön\"");
    let zones = regions.node.get("hz").expect("it is there");
    let Value::List(zones) = &zones.value else { panic!("a list") };
    assert_eq!(said(text, zones[1].span), "i");
    assert_eq!(said(text, node.get("last").expect("it is there").span), "a: 1\n  b: 2");
}

#[test]
fn a_key_said_twice_is_found_with_both_places() {
    let (_, complaints) = read("a: 1\nb: {c: 1, c: 2}\na: 3\n");
    assert_eq!(complaints, ["`c` is said twice", "`a` is said twice"]);
}

#[test]
fn keys_that_other_tools_read_as_booleans_or_numbers_are_refused() {
    let (_, complaints) = read("on: 1\n1: 2\nretry-on: 3\n0s: 4\n\"n\": 5\n");
    assert_eq!(complaints.len(), 2, "{complaints:?}");
}

#[test]
fn an_alias_bomb_stops_at_the_budget() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = format!("*a{}", level - 1);
        text += &format!("a{level}: &a{level} [{}]\n", vec![before; 10].join(", "));
    }
    let (node, complaints) = read(&text);
    assert!(node.is_none());
    assert!(complaints[0].contains("more than 200000 values"), "{complaints:?}");
}

#[test]
fn a_company_may_be_written_down_but_not_anything() {
    let list = |items: usize| format!("[{}]", vec!["x"; items].join(","));
    let (node, complaints) = read(&list(NODES_MAX - 1));
    assert!(node.is_some_and(|node| node.count() == NODES_MAX) && complaints.is_empty(), "{complaints:?}");
    let (node, complaints) = read(&list(NODES_MAX));
    assert!(node.is_none());
    assert_eq!(complaints, ["more than 1000000 values"]);
}

#[test]
fn deep_nesting_stops_at_the_limit_whatever_its_depth() {
    for depth in [60, 100_000] {
        let (node, complaints) = read(&"[".repeat(depth));
        assert!(node.is_none());
        assert_eq!(complaints.len(), 1, "{complaints:?}");
    }
}

#[test]
fn null_is_known_however_it_is_written() {
    let (node, _) = read("{a: , b: ~, c: null, d: 'null'}");
    let node = node.expect("a tree");
    let null = |key| node.get(key).expect("it is there").is_null();
    assert_eq!([null("a"), null("b"), null("c"), null("d")], [true, true, true, false]);
}
