//! Advice: what a scenario says that will not work is told with its numbers, and what is sound hears nothing.

use eastwest::provider::Books;
use eastwest::scenario::{Inputs, compile_with_warnings, load, load_text};

/// Two regions of two zones. What stands in capitals is replaced.
const SCENARIO: &str = r#"
eastwest: 1
name: advised
question: What will not work?
topology:
  regions:
    hangzhou: {is: alibaba/cn-hangzhou, zones: [h, i]}
    beijing:  {is: alibaba/cn-beijing,  zones: [a, b]}
  clusters: {east: {region: hangzhou}, north: {region: beijing}}
connectivity: {CONNECTIVITY}
routes: {default: {via: way}}
services:
  web:   {replicas: {east: 4, north: 4}, work: 2ms, workers: 4, calls: [stock]}
  stock: {replicas: STOCK, work: WORK, workers: 2, queue: 20, calls: [goods]}
  goods: {replicas: GOODS, work: 1ms}
workload: {shoppers: {from: hangzhou, to: web, rate: RATE}}
mesh: {version: "VERSION", traffic: {TRAFFIC}}
run: {horizon: 2m}
"#;

const SOUND: &str = r#""*": {timeout: 1s, outlier: {max-ejection: 100%}, locality: {failover: {hangzhou: beijing, beijing: hangzhou}}}"#;

/// What is put in the place of a word, and everything else.
fn with(changes: &[(&str, &str)]) -> String {
    let usual = [
        ("CONNECTIVITY", "way: {cen: {bandwidth: 100Mbps}}"),
        ("STOCK", "{east: 4, north: 4}"),
        ("GOODS", "{east: 2, north: 2}"),
        ("WORK", "2ms"),
        ("RATE", "100rps"),
        ("VERSION", "1.28"),
        ("TRAFFIC", SOUND),
    ];
    let text = changes.iter().chain(&usual).fold(SCENARIO.to_owned(), |text, (word, by)| text.replace(word, by));
    let faults = changes.iter().find(|(word, _)| *word == "faults").map(|(_, by)| format!("faults: {by}\n"));
    text + &faults.unwrap_or_default()
}

/// Code and message of all that is told of it, but what is only traffic that leaves its region.
#[track_caller]
fn told(changes: &[(&str, &str)]) -> Vec<String> {
    let text = with(changes);
    let loaded =
        load_text("test.yaml", &text, &[]).unwrap_or_else(|refused| panic!("{:?}\n{text}", refused.diagnostics));
    let variant = &loaded.variants[0];
    let found = compile_with_warnings(&variant.scenario, &variant.name, Books::builtin(), Inputs::default());
    let found = found.unwrap_or_else(|said| panic!("{said:?}")).warnings;
    let kept =
        found.iter().chain(&loaded.diagnostics).filter(|one| !["EW353", "EW344", "EW354", "EW315"].contains(&one.code));
    kept.map(|one| format!("{} {}", one.code, one.message)).collect()
}

/// It is told once, in these words, and nothing else of its code.
#[track_caller]
fn says(changes: &[(&str, &str)], code: &str, words: &str) {
    let told = told(changes);
    let of: Vec<&String> = told.iter().filter(|one| one.starts_with(code)).collect();
    assert!(of.len() == 1 && of[0].contains(words), "{code} {words:?} in\n{}", told.join("\n"));
}

#[track_caller]
fn silent(changes: &[(&str, &str)], code: &str) {
    let told = told(changes);
    assert!(!told.iter().any(|one| one.starts_with(code)), "{code} in\n{}", told.join("\n"));
}

#[test]
fn what_is_sound_hears_nothing() {
    assert_eq!(told(&[]), Vec::<String>::new());
    // One zone or region lost: everything that is set serves.
    assert_eq!(
        told(&[("faults", "{lost: {at: 30s, for: 30s, hit: zone/hangzhou/h, down: true}}")]),
        Vec::<String>::new()
    );
}

#[test]
fn shipped_scenarios_hear_only_what_they_are_about() {
    // By file: the codes that it is there to show.
    // Three tries of 1 s in 2 s are what speed has always been measured with.
    let shown: &[(&str, &[&str])] = &[
        // One region alone has the payments: what a second one is worth is the question.
        ("availability", &["EW391"]),
        ("disaster-recovery", &["EW385"]),
        ("drills-gateways", &["EW389"]),
        // Where calls leave their cluster, half of its neighbours' go to the dead one.
        ("reconnect-storm", &["EW389"]),
        ("retry-storm", &["EW396"]),
        ("failover", &["EW356", "EW385"]),
        ("helloworld", &["EW356", "EW388"]),
        ("yardstick", &["EW394"]),
        ("zone-lost-silently", &["EW389"]),
    ];
    for folder in ["scenarios", "scenarios/theory"] {
        for entry in std::fs::read_dir(folder).expect("the scenarios are shipped") {
            let path = entry.expect("a readable entry").path();
            if path.extension().is_none_or(|ending| ending != "yaml") {
                continue;
            }
            let loaded = load(&path, &[]).unwrap_or_else(|refused| panic!("{path:?}: {:?}", refused.diagnostics));
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let meant = shown.iter().find(|(file, _)| *file == name).map_or(&[][..], |(_, codes)| codes);
            for variant in &loaded.variants {
                let made = compile_with_warnings(&variant.scenario, &variant.name, Books::builtin(), Inputs::default());
                for warning in made.unwrap_or_else(|said| panic!("{path:?}: {said:?}")).warnings {
                    let advice =
                        (385..=399).any(|number| warning.code == format!("EW{number}")) || warning.code == "EW356";
                    assert!(!advice || meant.contains(&warning.code), "{name} {}: {warning:?}", variant.name);
                }
            }
        }
    }
}

#[test]
fn a_failover_needs_outlier_detection() {
    let without = r#""*": {locality: {failover: {hangzhou: beijing}}}"#;
    says(&[("TRAFFIC", without)], "EW385", "(50 % of the calls from hangzhou leave it while all is well)");
    silent(
        &[("TRAFFIC", &without.replace("{locality", "{outlier: {max-ejection: 50%}, timeout: 1s, locality"))],
        "EW385",
    );
    let labels = without.replace("failover: {hangzhou: beijing}", "failover-priority: [region, zone]");
    says(&[("TRAFFIC", &labels)], "EW385", "(50 % of the calls from hangzhou leave it while all is well)");
    // Said once, with its numbers.
    silent(&[("TRAFFIC", without)], "EW317");
    // Where there is no other region there is no failover to miss.
    silent(
        &[("TRAFFIC", without), ("STOCK", "{east: 4}"), ("GOODS", "{east: 4}")],
        "EW385 the failover on `web -> stock`",
    );
}

#[test]
fn a_failover_leads_to_replicas() {
    let home = [("STOCK", "{east: 4}"), ("GOODS", "{east: 4}")];
    let only = r#"stock: {timeout: 1s, outlier: {max-ejection: 100%}, locality: {failover: {hangzhou: beijing}}}"#;
    says(&[home[0], home[1], ("TRAFFIC", only)], "EW386", "from hangzhou to beijing leads nowhere");
    silent(&[("TRAFFIC", only)], "EW386");
    // Of a rule for all services it is enough that some have replicas there.
    silent(&[home[0], home[1]], "EW386");
}

#[test]
fn the_cap_on_ejections_is_held_against_the_nearest_locality_by_release() {
    let most = |percent: &str| format!(r#""*": {{timeout: 1s, outlier: {{max-ejection: {percent}}}}}"#);
    // 8 hosts of web -> stock, 2 in the caller's zone; 4 of goods, 1 in the zone. One of 8 is 12.5 %.
    says(
        &[("TRAFFIC", &most("20%")), ("GOODS", "{east: 4, north: 4}")],
        "EW356",
        "if the 2 nearest of 8 hosts die, 1 may be out at once, and 70 % of the calls still go there",
    );
    silent(&[("TRAFFIC", &most("25%")), ("GOODS", "{east: 4, north: 4}")], "EW356");
    says(&[("TRAFFIC", &most("10%")), ("GOODS", "{east: 4, north: 4}")], "EW356", "10 % of 8 hosts is less than one");
    // Envoy of Istio 1.18 ejects one all the same, and says so of the two.
    says(
        &[("TRAFFIC", &most("10%")), ("GOODS", "{east: 4, north: 4}"), ("VERSION", "1.18")],
        "EW356",
        "1 may be out at once",
    );
}

#[test]
fn a_gateway_is_one_host() {
    let gateway = ("CONNECTIVITY", "way: {public-gateway: {}}");
    let most = |percent: &str| format!(r#""*": {{timeout: 1s, outlier: {{max-ejection: {percent}}}}}"#);
    // web -> stock sees 4 replicas and one gateway host for each zone of the other region, 2 replicas each.
    let few = told(&[gateway, ("TRAFFIC", &most("20%")), ("STOCK", "{east: 4, north: 12}")]);
    let words = "`web -> stock` may lose 38 % of its replicas to one ejection, though max-ejection is 20 %: a gateway is one host of 6, and stands for 6 of 16 replicas";
    assert!(few.iter().any(|one| one.contains(words)), "{few:?}");
    silent(&[gateway], "EW387");
    // Nothing but the gateway.
    says(
        &[
            gateway,
            ("STOCK", "{north: {a: 4}}"),
            ("GOODS", "{north: 4}"),
            ("TRAFFIC", r#""web -> stock": {timeout: 1s, outlier: {max-ejection: 100%}}"#),
        ],
        "EW387",
        "one host for 4 replicas",
    );
}

#[test]
fn distribute_has_no_failover() {
    let shares = |to: &str| {
        format!(
            r#"stock: {{timeout: 1s, outlier: {{max-ejection: 100%}}, locality: {{distribute: {{hangzhou: {to}}}}}}}"#
        )
    };
    says(
        &[("TRAFFIC", &shares("{hangzhou: 100%}"))],
        "EW388",
        "if the 4 replicas in hangzhou die, calls from hangzhou fail though 4 stand in beijing",
    );
    silent(&[("TRAFFIC", &shares("{hangzhou: 99%, beijing: 1%}"))], "EW388");
}

#[test]
fn hosts_that_a_fault_kills_are_taken_out_by_somebody() {
    let lost = ("faults", "{lost: {at: 30s, for: 30s, hit: zone/beijing/a, down: true}}");
    let nobody = r#""*": {timeout: 1s}"#;
    says(
        &[
            lost,
            (
                "TRAFFIC",
                r#"stock: {}, "*": {timeout: 1s, outlier: {max-ejection: 100%}}, "web -> stock": {timeout: none, outlier: none}"#,
            ),
        ],
        "EW389",
        "while `lost` lasts, 25 % of the calls `web -> stock` go to dead hosts (2 of 8): without outlier detection a client takes nobody out, and without a timeout each of them hangs",
    );
    let all = told(&[lost, ("TRAFFIC", nobody)]);
    assert!(
        all.iter().any(|one| one.contains("25 % of the calls `stock -> goods` go to dead hosts (1 of 4)")),
        "{all:?}"
    );
    silent(&[lost], "EW389");
    // Refused at once, and tried again elsewhere.
    silent(
        &[("faults", "{lost: {at: 30s, for: 30s, hit: zone/beijing/a, down: refused}}"), ("TRAFFIC", nobody)],
        "EW389",
    );
}

#[test]
fn outlier_detection_hears_of_what_ends_and_of_what_is_called() {
    let deaf = r#""*": {outlier: {max-ejection: 100%}}"#;
    says(&[("TRAFFIC", deaf)], "EW390", "a call that hangs has not failed");
    for heard in ["timeout: 1s", "per-try: 1s, retry-on: [reset]", "pool: {http2-ping: 5s}"] {
        silent(&[("TRAFFIC", &deaf.replace("{outlier", &format!("{{{heard}, outlier")))], "EW390");
    }
    // 0.1/s from 2 entries to 2 hosts each, 4 proxies of web to 2 hosts: five in a row take minutes.
    let rare = told(&[("RATE", "0.02rps")]);
    assert!(rare.iter().any(|one| one.starts_with("EW390") && one.contains("5 failures in a row take")), "{rare:?}");
    silent(&[("RATE", "2rps")], "EW390");
    // Five in a row take 40 s, which is soon enough for all but an outage that is over by then.
    let slow = ("RATE", "0.5rps");
    silent(&[slow], "EW390");
    let lost = told(&[slow, ("faults", "{lost: {at: 30s, for: 35s, hit: zone/hangzhou/h, down: true}}")]);
    let late = |edge: &str| {
        let words = ["EW390", edge, "the shortest fault of what it calls lasts 35 s"];
        lost.iter().any(|one| words.iter().all(|word| one.contains(word)))
    };
    assert!(late("`web -> stock`") && late("`stock -> goods`"), "{lost:?}");
    for fault in [
        // The replicas of a rollout are told of; its window is no outage.
        "{roll: {at: 30s, hit: service/stock, restart: {at-once: 1, grace: 5s}}}",
        "{bang: {at: 30s, hit: service/stock, restart: true}}",
        "{sent: {at: 30s, for: 31s, hit: service/stock, drain: true}}",
        // What is over before the ejection would be.
        "{blip: {at: 30s, for: 1s, hit: zone/hangzhou/h, down: true}}",
        // What the edge does not call, unless all of them call it.
        "{other: {at: 30s, for: 35s, hit: replica/web/east/0, errors: 5%}}",
    ] {
        let told = told(&[slow, ("faults", fault)]);
        assert!(!told.iter().any(|one| one.starts_with("EW390") && one.contains("stock")), "{fault}: {told:?}");
    }
}

#[test]
fn a_backup_does_not_need_what_it_backs_up() {
    says(
        &[("GOODS", "{east: 2}"), ("TRAFFIC", &SOUND.replace("\"*\"", "stock"))],
        "EW391",
        "stock in beijing calls goods, which stands in hangzhou alone",
    );
    silent(&[], "EW391");
    // One gateway replica for two zones.
    let one = |replicas| {
        format!(
            "way: {{public-gateway: {{gateways: {{east: {{replicas: {replicas}}}, north: {{replicas: {replicas}}}}}}}}}"
        )
    };
    assert!(
        told(&[("CONNECTIVITY", &one(1))])
            .iter()
            .any(|one| one.contains("stands in zone beijing/a alone, with 1 of its replicas"))
    );
    silent(&[("CONNECTIVITY", &one(2))], "EW391");
    let attached = |zones| format!("way: {{cen: {{bandwidth: 100Mbps, attach: {{east: {zones}, north: [a, b]}}}}}}");
    says(&[("CONNECTIVITY", &attached("[h]"))], "EW391", "attached to east in zone h alone");
    silent(&[("CONNECTIVITY", &attached("[h, i]"))], "EW391");
}

#[test]
fn retries_cover_what_they_are_for() {
    let stock = |said: &str| format!(r#"{SOUND}, stock: {{{said}}}"#);
    says(&[("TRAFFIC", &stock("retries: 3"))], "EW392", "the 3 retries on `web -> stock` do not cover a 503");
    silent(&[("TRAFFIC", &stock("retries: 3")), ("VERSION", "1.23")], "EW392");
    silent(&[("TRAFFIC", &stock("retries: 3, retry-on: [reset, \"503\"]"))], "EW392");
    silent(&[("TRAFFIC", &stock("retries: 0"))], "EW392");
    says(&[("TRAFFIC", &stock("per-try: 200ms"))], "EW392", "ends a try after 200 ms, and it is not tried again");
    silent(&[("TRAFFIC", &stock("per-try: 200ms, retry-on: [reset]"))], "EW392");
    // A call of 1.2 s is cut by whatever kills its server.
    let long = [("WORK", "1200ms"), ("RATE", "1rps")];
    let traffic = stock("timeout: 5s, retry-on: [\"503\"]");
    says(&[long[0], long[1], ("TRAFFIC", &traffic)], "EW392", "a call takes 1.2 s");
    silent(&[("TRAFFIC", &traffic)], "EW392");
}

#[test]
fn timeouts_are_longer_than_the_way() {
    let stock = |said: &str| format!(r#"{SOUND}, stock: {{{said}}}"#);
    says(&[("TRAFFIC", &stock("timeout: 10ms"))], "EW393", "no call there can succeed once calls have failed over");
    says(&[("TRAFFIC", &stock("timeout: 40ms"))], "EW393", "each new connection begins with a failure");
    says(
        &[("WORK", "300ms"), ("RATE", "10rps"), ("TRAFFIC", &stock("timeout: 300ms"))],
        "EW393",
        "most of them end in it",
    );
    silent(&[("TRAFFIC", &stock("timeout: 200ms"))], "EW393");
}

#[test]
fn tries_fit_into_the_timeout() {
    let stock = |said: &str| format!(r#"{SOUND}, stock: {{{said}, retry-on: [reset]}}"#);
    says(
        &[("TRAFFIC", &stock("timeout: 1s, per-try: 600ms"))],
        "EW394",
        "3 tries take 1.8 s, and only 2 of them begin, the last with 400 ms",
    );
    says(&[("TRAFFIC", &stock("timeout: 1s, per-try: 1s"))], "EW394", "never strikes");
    silent(&[("TRAFFIC", &stock("timeout: 1s, per-try: 300ms"))], "EW394");
}

#[test]
fn retries_of_three_tiers_multiply_and_those_of_one_do_not() {
    let all = |said: &str| format!(r#""*": {{timeout: 1s, outlier: {{max-ejection: 100%}}, {said}}}"#);
    let three = all("retries: 2, retry-on: [5xx]");
    says(&[("TRAFFIC", &three)], "EW395", "try 3 x 3 x 3 = 27 times, so that goods is asked 27 times");
    // (1 + 1)^3 = 8; (1 + 1)^2 = 4 is not much.
    says(&[("TRAFFIC", &all("retries: 1, retry-on: [5xx]"))], "EW395", "2 x 2 x 2 = 8");
    silent(&[("TRAFFIC", &format!("{}, goods: {{retries: 0}}", all("retries: 1, retry-on: [5xx]")))], "EW395");
    // What is only refused at the last tier is not retried above.
    silent(&[("TRAFFIC", &all("retries: 5, retry-on: [connect-failure]"))], "EW395");
}

#[test]
fn a_retry_budget_limits_what_is_above_its_min() {
    let all = |budget: &str| {
        format!(
            r#""*": {{timeout: 1s, outlier: {{max-ejection: 100%}}, retries: 2, retry-on: [5xx], retry-budget: {budget}}}"#
        )
    };
    // stock -> goods: 100/s x 9 tries above / 8 proxies x 2 retries = 225/s of some 30 ms are more than 3 at once; 5/s are
    // not. The user's call: 2.5/s x 2 retries of 0.3 s.
    let low = ("RATE", "5rps");
    says(
        &[low, ("TRAFFIC", &all("20%"))],
        "EW395",
        "`retry-budget` lets each proxy have 3 retries at once in any case",
    );
    silent(&[("RATE", "100rps"), ("TRAFFIC", &all("20%"))], "EW395");
    silent(&[low, ("TRAFFIC", &all("{share: 20%, min: 0}"))], "EW395");
}

#[test]
fn readiness_does_not_take_out_what_is_cut_off() {
    let traffic = r#""*": {timeout: 1s}}, control-plane: {kind: multi-primary"#;
    let cut = "{cut: {at: 30s, for: 30s, hit: link/hangzhou-beijing, down: silent}}";
    let all = told(&[("faults", cut), ("TRAFFIC", traffic)]);
    let words = "go to hosts out of reach (4 of 8): without outlier detection a client takes nobody out, and to the control plane they are ready as before";
    assert!(all.iter().any(|one| one.starts_with("EW389") && one.contains(words)), "{all:?}");
    // The dead are not ready.
    let lost = "{lost: {at: 30s, for: 30s, hit: zone/beijing/a, down: true}}";
    silent(&[("faults", lost), ("TRAFFIC", traffic)], "EW389");
}

/// What is told of `stock` in two versions, `v1` in the east with goods, and `v2` as written; all calls go by `rules`.
#[track_caller]
fn versioned(v2: &str, traffic: &str, rules: &str) -> Vec<String> {
    let text = with(&[("GOODS", "{east: 2}"), ("TRAFFIC", traffic)]);
    let stock = "stock: {replicas: {east: 4, north: 4}, work: 2ms, workers: 2, queue: 20, calls: [goods]}";
    assert!(text.contains(stock));
    let v1 = "v1: {replicas: {east: 4}, work: 2ms, calls: [goods]}";
    let text = text.replace(stock, &format!("stock: {{versions: {{{v1}, {v2}}}, workers: 2, queue: 20}}"));
    let text = text.replace("mesh: {", &format!("mesh: {{{rules}"));
    let loaded = load_text("test.yaml", &text, &[]).unwrap_or_else(|said| panic!("{:?}\n{text}", said.diagnostics));
    let variant = &loaded.variants[0];
    let found = compile_with_warnings(&variant.scenario, &variant.name, Books::builtin(), Inputs::default());
    let found = found.unwrap_or_else(|said| panic!("{said:?}")).warnings;
    found.iter().map(|one| format!("{} {}", one.code, one.message)).collect()
}

#[test]
fn a_backup_needs_what_its_own_version_calls() {
    let of = |told: Vec<String>| told.into_iter().filter(|one| one.starts_with("EW391")).collect::<Vec<_>>();
    let stock = &SOUND.replace("\"*\"", "stock");
    assert_eq!(of(versioned("v2: {replicas: {north: 4}, work: 2ms}", stock, "")), Vec::<String>::new());
    let calls = of(versioned("v2: {replicas: {north: 4}, work: 2ms, calls: [goods]}", stock, ""));
    assert!(
        calls.len() == 1 && calls[0].contains("helps nobody when hangzhou dies: stock in beijing calls goods"),
        "{calls:?}"
    );
    // Of two versions there one calls it.
    let some = "v2: {replicas: {north: 2}, work: 2ms, calls: [goods]}, v3: {replicas: {north: 2}, work: 2ms}";
    let some = of(versioned(some, stock, ""));
    assert!(
        some.len() == 1
            && some[0].contains("does not help all calls when hangzhou dies: some of stock in beijing calls"),
        "{some:?}"
    );
}

#[test]
fn of_an_upstream_that_rules_leave_without_calls_nothing_is_said() {
    let rules = "rules: {stock: {all: {to: {v1: 80%, v2: 20%}}}}, ";
    let v2 = "v2: {replicas: {east: 4}, work: 2ms}";
    let traffic = r#"stock: {timeout: 1s, outlier: {max-ejection: 10%}}, "stock:v1": {outlier: {max-ejection: 100%}}, "stock:v2": {outlier: {max-ejection: 100%}}, goods: {timeout: 1s}"#;
    let of = |told: Vec<String>| told.into_iter().filter(|one| one.starts_with("EW356")).collect::<Vec<_>>();
    assert_eq!(of(versioned(v2, traffic, rules)), Vec::<String>::new());
    assert_eq!(of(versioned(v2, traffic, "")).len(), 1);
    // Alike, and written at two places: told at both.
    let two = traffic.replace("100%", "10%");
    let two = of(versioned(v2, &two, rules));
    assert!(
        two.len() == 2 && two[0].contains("`web -> stock:v1`:") && two[1].contains("`web -> stock:v2`:"),
        "{two:?}"
    );
}

#[test]
fn a_busy_service_is_not_asked_again_and_again() {
    let stock = |said: &str| format!(r#"{SOUND}, stock: {{{said}}}"#);
    // 8 workers nearby at 2 ms of work: 2,000/s is 50 %.
    let busy = ("RATE", "2000rps");
    says(
        &[busy, ("TRAFFIC", &stock("retries: 2, retry-on: [reset, \"503\"]"))],
        "EW396",
        "stock is 50 % busy, and at 3 tries for each call that it refuses it is offered 150 %",
    );
    silent(&[busy, ("TRAFFIC", &stock("retries: 2, retry-on: [reset, \"503\"], retry-budget: 20%"))], "EW396");
    silent(&[("TRAFFIC", &stock("retries: 2, retry-on: [reset, \"503\"]"))], "EW396");
}

#[test]
fn panic_is_not_set_against_outlier_detection() {
    let all = |said: &str| format!(r#""web -> stock": {{timeout: 1s, {said}}}"#);
    // Nobody near: 12 hosts of one priority, 8 of them in one zone.
    let far = [("STOCK", "{north: {a: 8, b: 4}}"), ("GOODS", "{north: 2}")];
    says(
        &[far[0], far[1], ("TRAFFIC", &all("panic: 50%, outlier: {max-ejection: 100%}"))],
        "EW398",
        "with beijing/a dead 4 of 12 hosts are healthy, so that calls go to all of them, and 67 % fail",
    );
    silent(&[far[0], far[1], ("TRAFFIC", &all("outlier: {max-ejection: 100%}"))], "EW398");
    silent(&[far[0], far[1], ("TRAFFIC", &all("panic: 30%, outlier: {max-ejection: 100%}"))], "EW398");
    says(&[("TRAFFIC", &all("panic: 50%"))], "EW398", "every host counts as healthy");
}

#[test]
fn words_that_another_word_takes_away_are_told() {
    let on_stock = |policy: &str| [("TRAFFIC", format!(r#"{SOUND}, "web -> stock": {{{policy}}}"#))];
    let says = |policy: &str, words: &str| {
        let changes = on_stock(policy);
        says(&[(changes[0].0, &changes[0].1)], "EW399", words);
    };
    let silent = |policy: &str, code: &str| {
        let changes = on_stock(policy);
        silent(&[(changes[0].0, &changes[0].1)], code);
    };
    says("outlier: {consecutive-5xx: 0}", "`web -> stock` outlier detection has no detector that ejects anybody");
    says("outlier: {max-ejection: 0%}", "`max-ejection: 0%`");
    silent("outlier: {consecutive-5xx: 0, consecutive-gateway: 3, max-ejection: 100%}", "EW399");
    // A variant without retries leaves how they were made where it is.
    silent("retries: 0, retry-on: [reset], retry-budget: 20%", "EW399");
    says("retries: 2, retry-on: [reset], hedge: true", "`hedge` never sends a second try");
    silent("retries: 2, retry-on: [reset], hedge: true, per-try: 100ms", "EW399");
    // A try that is hedged goes on: a short `per-try` fails nothing.
    silent("retries: 2, retry-on: [reset], hedge: true, per-try: 1ms", "EW393");
    says("fault: {max-active: 3}", "injects neither");
    says("pool: {max-pending: 0}", "refuses every call");
    let limit = format!("{SOUND}, stock: {{rate-limit: {{tokens: 10, per-fill: 100, every: 1s}}}}");
    self::says(&[("TRAFFIC", &limit)], "EW399", "the rate limit of `stock` is filled with 100, but holds 10 tokens");
    // One of the two is enough: a `per-try` that Envoy ignores ends no try.
    silent("timeout: 500ms, per-try: 500ms, retries: 2, retry-on: [connect-failure]", "EW392");
}

#[test]
fn a_missing_primary_is_no_broken_host() {
    let stores = "stores: {db: {primary: east, replicas: [north], used-by: {stock: {writes: [put]}}, lag: 1s, promote: {after: 30s, takes: 45s}}}\nmesh: {version";
    let written = |traffic: &str| {
        told(&[
            ("calls: [stock]", "calls: [stock.put]"),
            ("work: WORK, workers: 2, queue: 20, calls: [goods]", "workers: 2, operations: {put: {work: 2ms}}"),
            ("mesh: {version", stores),
            ("TRAFFIC", traffic),
        ])
    };
    let of = |traffic: &str| -> Vec<String> {
        written(traffic).into_iter().filter(|one| one.starts_with("EW549")).collect()
    };
    let told = of(SOUND);
    assert!(told.len() == 1, "{told:?}");
    for words in ["`web -> stock`", "primary of db is missed", "after 75 s", "5 in a row", "for 30 s and longer"] {
        assert!(told[0].contains(words), "{words}: {told:?}");
    }
    let apart = "consecutive-5xx: 0, split-external-local: true, consecutive-local: 5";
    for sound in [apart, "consecutive-5xx: 20000"] {
        let traffic = SOUND.replace("{max-ejection", &format!("{{{sound}, max-ejection"));
        assert!(of(&traffic).is_empty(), "{sound}: {:?}", of(&traffic));
    }
    assert!(
        of(&SOUND
            .replace("outlier: {max-ejection: 100%}", "outlier: null")
            .replace(", locality: {failover: {hangzhou: beijing, beijing: hangzhou}}", ""))
        .is_empty()
    );
    silent(&[], "EW549");
}
