//! VirtualServices: which request meets which rule, and how a rule shares requests out.

use eastwest::policy::route_match::{self, Found, HttpMatch, MESH, Pattern, Request, Source, StringMatch};
use eastwest::policy::{defaults, shares};

use crate::rows;

fn regex(text: &str) -> StringMatch {
    StringMatch::regex(text).expect("an expression")
}

fn uri(uri: StringMatch) -> HttpMatch {
    HttpMatch { uri: Some(uri), ..HttpMatch::default() }
}

fn header(name: &str, said: StringMatch) -> HttpMatch {
    HttpMatch { headers: vec![(name.into(), said)], ..HttpMatch::default() }
}

/// `regex .* with query match`, `prefix / no headers`, `empty match`.
fn catch_all(case: &str) -> bool {
    let mut entry = match case {
        _ if case.starts_with("prefix /") => uri(StringMatch::Prefix("/".into())),
        _ if case.starts_with("regex .*") => uri(regex(".*")),
        _ => HttpMatch::default(),
    };
    if case.contains("with header") {
        entry.headers.push(("authentication".into(), StringMatch::Exact("test".into())));
    }
    if case.contains("with query") {
        entry.query_params.push(("authentication".into(), StringMatch::Present));
    }
    entry.is_catch_all()
}

/// `mirror, mirrorPercent 0`, `mirrorPercentage 50`: the copied share in words.
fn mirror(case: &str) -> String {
    let after = |word: &str| {
        let number = case.split([' ', ',']).skip_while(|part| *part != word).nth(1)?;
        number.trim_end_matches('%').parse::<f64>().ok()
    };
    let share = shares::mirrored(after("mirrorPercentage"), after("mirrorPercent").map(|percent| percent as u32));
    share.map_or_else(|| "no mirror".into(), |share| format!("{}%", share.get() * 100.0))
}

/// `sourceNamespace foo, proxy bar`.
fn of_a_namespace(case: &str) -> bool {
    let after = |word: &str| case.split(", ").find_map(|part| part.strip_prefix(word)).map(str::trim);
    let source_namespace = after("sourceNamespace").filter(|name| !name.is_empty()).map(str::to_owned);
    let entry = HttpMatch { source_namespace, ..HttpMatch::default() };
    let namespace = after("proxy").filter(|name| !name.contains("empty")).unwrap_or("");
    entry.concerns(&Source { namespace, gateways: &[MESH], ..Source::default() })
}

/// Shares of destinations in percent, to a millionth; those that are never drawn have none.
fn percents(weights: &[u32]) -> Vec<Option<f64>> {
    let mut under = 0.0;
    let percent = |below: Option<f64>| {
        let share = below? - under;
        under += share;
        Some((share * 1e8).round() / 1e6)
    };
    shares::below(weights).into_iter().map(percent).collect()
}

#[test]
fn a_virtual_service_is_read_as_istio_reads_it() {
    for row in rows("istio_virtual_service.csv", 12) {
        let (id, source, case, expected) = (&*row["id"], &*row["source"], &*row["case"], &*row["expected"]);
        match source.rsplit(' ').next().expect("a source has a last word") {
            "TestIsCatchAllRoute" => assert_eq!(format!("catch-all {}", catch_all(case)), expected, "{id}"),
            "TestMirrorPercent" | "TestMirrorPercentByPolicy" => assert_eq!(mirror(case), expected, "{id}"),
            "TestSourceMatchHTTP" => assert_eq!(of_a_namespace(case), expected == "match", "{id}"),
            "BuildHTTPRoutesForVirtualService" => {
                assert_eq!(expected, "B is unreachable: building stops after the first catch-all", "{id}");
                let b = [header("end-user", StringMatch::Exact("jason".into()))];
                let source = Source { gateways: &[MESH], ..Source::default() };
                assert_eq!(route_match::given([&[][..], &b], &source), [0], "{id}");
                assert_eq!(route_match::given([&b, &[][..]], &source), [0, 1], "{id}");
            }
            "applyHTTPRouteDestination" => {
                assert_eq!(percents(&[100, 0]), [Some(100.0), None], "{id}");
                assert_eq!(percents(&[0]), [Some(100.0)], "{id}: one destination has all");
            }
            "HTTPRouteDestination" => {
                let weights = case.trim_start_matches("weights ").split(" and ");
                let weights: Vec<u32> = weights.map(|weight| weight.parse().expect("a weight")).collect();
                let wanted = expected.split(" (").next().expect("shares").split(" and ");
                let wanted: Vec<_> = wanted.map(|share| share.trim_end_matches('%').parse::<f64>().ok()).collect();
                assert_eq!(percents(&weights), wanted, "{id}");
            }
            "setTimeout" => {
                assert_eq!(expected, "route timeout 0 = none", "{id}");
                assert_eq!(defaults::policy(defaults::ISTIO_VERSION).timeout, None, "{id}");
            }
            other => panic!("{id}: a case of {other} is not understood"),
        }
    }
}

fn holds(entry: &HttpMatch, request: Request<'_>) -> bool {
    entry.holds(&request)
}

fn path(path: &str) -> Request<'_> {
    Request { path, method: "GET", ..Request::default() }
}

#[test]
fn a_prefix_ends_anywhere_and_a_path_ends_before_its_query() {
    let log = uri(StringMatch::Prefix("/log".into()));
    assert!(holds(&log, path("/login")) && holds(&log, path("/log?x=1")) && !holds(&log, path("/blog")));
    assert!(!holds(&log, path("/LOGIN")));
    let any_case = HttpMatch { ignore_uri_case: true, ..log };
    assert!(holds(&any_case, path("/LOGin")) && !holds(&any_case, path("/lo")) && !holds(&any_case, path("/lö")));
    let exact = HttpMatch { ignore_uri_case: true, ..uri(StringMatch::Exact("/Cart".into())) };
    assert!(holds(&exact, path("/cart?id=7#top")) && !holds(&exact, path("/cart/")));
}

#[test]
fn an_expression_describes_the_whole_text_and_keeps_its_case() {
    let version = uri(regex("/v[12]|/beta"));
    assert!(holds(&version, path("/v1?x")) && holds(&version, path("/beta")));
    assert!(!holds(&version, path("/v1/cart")) && !holds(&version, path("/beta2")));
    let any_case = HttpMatch { ignore_uri_case: true, ..version };
    assert!(!holds(&any_case, path("/V1")), "case is never left aside within an expression");
    assert!(holds(&uri(regex("(?i)/v1")), path("/V1")));
    assert!(Pattern::new("a)(b").is_err() && Pattern::new("[").is_err());
    assert!(!Pattern::new("a)(b").expect_err("no expression").contains('\n'));
}

#[test]
fn a_lone_star_or_a_bare_name_asks_for_presence() {
    for said in [regex("*"), StringMatch::Present] {
        let debug = header("x-debug", said);
        assert!(holds(&debug, Request { headers: &[("X-Debug", "")], ..path("/") }));
        assert!(!holds(&debug, path("/")));
    }
}

#[test]
fn a_header_that_must_not_hold_is_as_empty_where_it_is_missing() {
    let without =
        |said: StringMatch| HttpMatch { without_headers: vec![("end-user".into(), said)], ..HttpMatch::default() };
    let user = |name: &'static str| Request { headers: &[("end-user", "jason")], path: name, ..Request::default() };
    let not_jason = without(StringMatch::Exact("jason".into()));
    assert!(holds(&not_jason, path("/")) && !holds(&not_jason, user("/")));
    let nobody = without(StringMatch::Present);
    assert!(holds(&nobody, path("/")) && !holds(&nobody, user("/")));
    assert!(!holds(&without(regex(".*")), path("/")), "an expression that describes the empty text rules all out");
    assert!(holds(&without(regex(".+")), path("/")));
}

#[test]
fn conditions_add_up_and_matches_are_alternatives() {
    let jason = header("end-user", StringMatch::Exact("jason".into()));
    let reading = HttpMatch { method: Some(StringMatch::Exact("GET".into())), ..jason.clone() };
    let beta =
        HttpMatch { query_params: vec![("beta".into(), StringMatch::Exact("1".into()))], ..HttpMatch::default() };
    let rules: [&[HttpMatch]; 3] = [&[reading, beta], std::slice::from_ref(&jason), &[]];
    let source = Source { gateways: &[MESH], ..Source::default() };
    let first = |request: Request<'_>| route_match::first(rules, &source, &request);
    let said = [("end-user", "jason")];
    assert_eq!(first(Request { headers: &said, ..path("/") }), Found::Rule(0));
    assert_eq!(first(Request { headers: &said, method: "POST", ..path("/") }), Found::Rule(1));
    assert_eq!(first(path("/?a=2&beta=1")), Found::Rule(0));
    assert_eq!(first(path("/?beta=2&beta=1")), Found::Rule(2), "the first of two values is looked at");
    let last_left_out = &rules[..2];
    let found = route_match::first(last_left_out.iter().copied(), &source, &path("/"));
    assert_eq!(found, Found::NoRoute);
}

#[test]
fn who_calls_is_settled_before_and_gateways_put_labels_aside() {
    let label = |value: &str| vec![("version".to_owned(), value.to_owned())];
    let v2 = HttpMatch { source_labels: label("v2"), ..HttpMatch::default() };
    let labels = label("v2");
    let sidecar = Source { labels: &labels, namespace: "default", gateways: &[MESH], port: Some(80) };
    let gateway = Source { gateways: &["edge"], labels: &[], ..sidecar };
    assert!(v2.concerns(&sidecar) && !v2.concerns(&gateway));
    let at_the_edge = HttpMatch { gateways: vec!["edge".into()], ..v2.clone() };
    assert!(!at_the_edge.concerns(&sidecar) && at_the_edge.concerns(&gateway), "labels are not looked at");
    assert!(!HttpMatch { port: Some(443), ..v2.clone() }.concerns(&sidecar));
    // What concerns nobody is as if it were not there: a sidecar has its default route, a gateway has none.
    let rules: [&[HttpMatch]; 1] = [std::slice::from_ref(&v2)];
    let other = Source { labels: &[], ..sidecar };
    assert_eq!(route_match::first(rules, &other, &path("/")), Found::Unruled);
    assert_eq!(route_match::first(rules, &gateway, &path("/")), Found::NoRoute);
    assert_eq!(route_match::first(rules, &sidecar, &path("/")), Found::Rule(0));
}

#[test]
fn shares_follow_weights_and_a_draw_never_lands_on_nothing() {
    assert_eq!(percents(&[80, 0, 20]), [Some(80.0), None, Some(20.0)]);
    let below = shares::below(&[3, 0, 1]);
    let drawn = |draw| shares::drawn(&below, draw);
    assert_eq!(
        (drawn(0.0), drawn(0.7499), drawn(0.75), drawn(1.0 - f64::EPSILON)),
        (Some(0), Some(0), Some(2), Some(2))
    );
    assert_eq!(shares::below(&[0, 0]), [None, None]);
    assert_eq!(shares::drawn(&shares::below(&[0, 0]), 0.5), None);
}
