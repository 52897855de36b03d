//! Istio's files as part of a scenario: the same said in the scenario's words makes the same world.

use eastwest::provider::Books;
use eastwest::scenario::{Inputs, Loaded, compile_with_warnings, load, render};
use std::fs;
use std::path::PathBuf;

const GROUND: &str = r#"
eastwest: 1
name: rules
question: Do the rules hold?
topology:
  regions:
    hangzhou: {is: alibaba/cn-hangzhou, zones: [h, i]}
    shanghai: {is: alibaba/cn-shanghai, zones: [a, b]}
  clusters: {east: {region: hangzhou}, south: {region: shanghai}}
connectivity: {backbone: {cen: {attach: {east: [h, i], south: [a, b]}, bandwidth: {hangzhou-shanghai: 50Mbps}}}}
routes: {default: {via: backbone}}
services:
  web: {replicas: {east: 2}, work: 1ms, calls: [orders, shop/stock]}
  orders: {replicas: {east: 3, south: 3}, work: 1ms}
  shop/stock: {replicas: {east: 2, south: 2}, work: 1ms}
workload: {users: {from: hangzhou, to: web, rate: 10rps}}
"#;

/// A scenario with these files beside it.
fn loaded(name: &str, mesh: &str, files: &[(&str, &str)]) -> Result<Loaded, String> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("istio-{name}"));
    fs::create_dir_all(&folder).expect("a folder");
    for (file, text) in files {
        fs::write(folder.join(file), text).expect("a file");
    }
    let path = folder.join("scenario.yaml");
    fs::write(&path, format!("{GROUND}\n{mesh}\n")).expect("a file");
    load(&path, &[]).map_err(|refused| render::rendered(&refused.sources, &refused.diagnostics, false))
}

fn world(loaded: &Loaded, variant: usize) -> String {
    let variant = &loaded.variants[variant];
    let compiled = compile_with_warnings(&variant.scenario, "a", Books::builtin(), Inputs::default())
        .unwrap_or_else(|said| panic!("{said:?}"));
    format!("{:?}", compiled.world)
}

/// Where two worlds part.
fn differing(a: &str, b: &str) -> String {
    let at = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let near = |text: &str| text.chars().skip(at.saturating_sub(150)).take(300).collect::<String>();
    format!("{}\n{}", near(a), near(b))
}

/// The two say the same.
#[track_caller]
fn equal(name: &str, files: &[(&str, &str)], words: &str) {
    let names: Vec<&str> = files.iter().map(|(file, _)| *file).collect();
    let read =
        loaded(name, &format!("mesh: {{istio: [{}]}}", names.join(", ")), files).unwrap_or_else(|e| panic!("{e}"));
    let said = loaded(&format!("{name}-words"), &format!("mesh: {words}"), &[]).unwrap_or_else(|e| panic!("{e}"));
    let unsaid = loaded(&format!("{name}-unsaid"), "", &[]).unwrap_or_else(|e| panic!("{e}"));
    assert!(world(&read, 0) == world(&said, 0), "{}", differing(&world(&read, 0), &world(&said, 0)));
    assert!(world(&read, 0) != world(&unsaid, 0), "it changes something");
}

#[test]
fn a_destination_rule_is_what_the_scenarios_words_say() {
    let rule = "
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: orders}
spec:
  host: orders
  trafficPolicy:
    loadBalancer:
      simple: ROUND_ROBIN
      localityLbSetting:
        enabled: true
        failover: [{from: cn-hangzhou, to: shanghai}]
    connectionPool:
      tcp: {maxConnections: 7, connectTimeout: 1m30s, tcpKeepalive: {time: 60s, probes: 3}, maxConnectionDuration: 1h}
      http: {http1MaxPendingRequests: 9, http2MaxRequests: 8, maxRetries: 0, idleTimeout: 0s, maxRequestsPerConnection: 40, h2UpgradePolicy: UPGRADE}
    outlierDetection:
      consecutive5xxErrors: 0
      consecutiveGatewayErrors: 3
      splitExternalLocalOriginErrors: true
      consecutiveLocalOriginFailures: 4
      interval: 1.5s
      baseEjectionTime: 45s
      maxEjectionPercent: 100
      minHealthPercent: 20
    retryBudget: {percent: 25, minRetryConcurrency: 2}
    tls: {mode: ISTIO_MUTUAL}
";
    let words = "{traffic: {orders: {balance: round-robin, locality: {enabled: true, failover: {hangzhou: shanghai}}, \
        pool: {max-connections: 7, connect-timeout: 90s, tcp-keepalive: {time: 60s, probes: 3}, max-connection-age: 1h, \
        max-pending: 9, max-requests: 8, idle-timeout: none, max-requests-per-connection: 40, protocol: http2}, \
        outlier: {consecutive-5xx: 0, consecutive-gateway: 3, split-external-local: true, consecutive-local: 4, \
        interval: 1500ms, eject: 45s, max-ejection: 100%, min-health: 20%}, retry-budget: {share: 25%, min: 2}}}}";
    equal("rule", &[("rule.yaml", rule)], words);
}

#[test]
fn a_virtual_service_is_what_the_scenarios_words_say() {
    let routes = "
kind: VirtualService
metadata: {namespace: shop}
spec:
  hosts: [stock]
  http:
  - timeout: 2s
    retries: {attempts: 3, perTryTimeout: 250ms, retryOn: 'gateway-error,503', retryRemoteLocalities: true}
    fault: {delay: {fixedDelay: 5ms, percentage: {value: 0.1}}, abort: {httpStatus: 503, percentage: {value: 1}}}
    route: [{destination: {host: stock.shop.svc.cluster.local}, weight: 100}]
---
kind: VirtualService
spec:
  hosts: [orders.default.svc.cluster.local]
  http: [{retries: {}, timeout: 0s, route: [{destination: {host: orders}}]}]
";
    let words = "{traffic: {shop/stock: {timeout: 2s, retries: 3, per-try: 250ms, \
        retry-on: [gateway-error, retriable-status-codes, 503], previous-priorities: 2, \
        fault: {delay: {for: 5ms, share: 0.1%}, abort: {status: 503, share: 1%}}}, orders: {retries: 0, timeout: none}}}";
    equal("routes", &[("routes.yaml", routes)], words);
}

#[test]
fn a_mesh_config_is_what_the_scenarios_words_say_and_a_routes_retries_replace_its_own() {
    let mesh = "
kind: IstioOperator
spec:
  meshConfig:
    connectTimeout: 3s
    defaultHttpRetryPolicy: {attempts: 4, retryOn: reset, perTryTimeout: 1s}
    localityLbSetting: {distribute: [{from: cn-hangzhou/cn-hangzhou-h/*, to: {'cn-hangzhou/*': 80, cn-shanghai: 20}}]}
    serviceSettings: [{settings: {clusterLocal: true}, hosts: ['*.shop.svc.cluster.local']}]
    defaultConfig: {concurrency: 2}
";
    let route = "
kind: VirtualService
spec: {hosts: [orders], http: [{retries: {attempts: 1}, route: [{destination: {host: orders}}]}]}
";
    let words = "{concurrency: 2, retain: [shop/*], \
        locality: {distribute: {hangzhou/h/*: {hangzhou/*: 80%, shanghai: 20%}}}, \
        traffic: {\"*\": {retries: 4, retry-on: [reset], per-try: 1s, pool: {connect-timeout: 3s}}, \
        orders: {retries: 1, retry-on: [connect-failure, refused-stream, unavailable, cancelled], per-try: none}}}";
    equal("mesh", &[("route.yaml", route), ("mesh.yaml", mesh)], words);
}

#[test]
fn the_most_specific_rule_holds_whole() {
    let rules = "
{kind: DestinationRule, metadata: {namespace: istio-system}, spec: {host: '*', trafficPolicy: {loadBalancer: {simple: RANDOM}, outlierDetection: {}}}}
---
{kind: DestinationRule, metadata: {namespace: shop}, spec: {host: stock, trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}}}
";
    let words = "{traffic: {shop/stock: {balance: round-robin}, orders: {balance: random, outlier: {}}, web: {balance: random, outlier: {}}}}";
    equal("specific", &[("rules.yaml", rules)], words);
}

#[test]
fn the_scenarios_words_win_and_variants_may_name_other_files() {
    let file = |timeout: &str| {
        format!(
            "kind: VirtualService\nspec: {{hosts: [orders], http: [{{timeout: {timeout}, route: [{{destination: {{host: orders}}}}]}}]}}\n"
        )
    };
    let (one, two) = (file("1s"), file("2s"));
    let files = [("one.yaml", one.as_str()), ("two.yaml", two.as_str())];
    let mesh = "mesh: {istio: [one.yaml]}\nvariants: {one: {}, two: {mesh: {istio: [two.yaml]}}, own: {mesh: {traffic: {orders: {timeout: 9s}}}}}";
    let read = loaded("variants", mesh, &files).unwrap_or_else(|e| panic!("{e}"));
    assert!(read.diagnostics.is_empty(), "{:?}", read.diagnostics);
    let timeouts: Vec<String> = read
        .variants
        .iter()
        .map(|variant| format!("{:?}", variant.scenario.mesh.policy("web", "orders").policy.timeout))
        .collect();
    let due = [1, 2, 9].map(|seconds| format!("{:?}", Some(eastwest::units::Duration::from_secs(seconds))));
    assert_eq!(timeouts, due);
    // What is resolved says all of it, and loads alone.
    let alone = eastwest::scenario::resolve::resolved(&read, &read.variants[1]);
    assert!(!alone.contains("istio:"), "{alone}");
    let again = eastwest::scenario::load_text("alone.yaml", &alone, &[]);
    let again =
        again.unwrap_or_else(|refused| panic!("{}", render::rendered(&refused.sources, &refused.diagnostics, false)));
    assert!(world(&again, 0) == world(&read, 1), "{}", differing(&world(&again, 0), &world(&read, 1)));
    let changed = loaded("variants", mesh, &[("one.yaml", file("3s").as_str())]).unwrap_or_else(|e| panic!("{e}"));
    assert_ne!(read.hash, changed.hash, "the files are part of the scenario");
}

#[test]
fn a_run_reads_files_beside_the_scenario_from_wherever_it_is_started() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("rules")).expect("a folder");
    let rule = |delay: &str| {
        format!(
            "kind: VirtualService\nspec: {{hosts: [orders], http: [{{fault: {{delay: {{fixedDelay: {delay}, percentage: {{value: 100}}}}}}, route: [{{destination: {{host: orders}}}}]}}]}}\n"
        )
    };
    let scenario = folder.path().join("scenario.yaml");
    let text = format!("{GROUND}\nmesh: {{istio: [rules/orders.yaml]}}\nrun: {{horizon: 20s, seed: 1}}\n");
    fs::write(&scenario, text).expect("a file");
    let run = |delay: &str| {
        fs::write(folder.path().join("rules/orders.yaml"), rule(delay)).expect("a file");
        let elsewhere = tempfile::tempdir().expect("a folder");
        let output = assert_cmd::Command::cargo_bin("eastwest")
            .expect("the program is built")
            .args(["run", scenario.to_str().expect("a name"), "--replications=1", "--quiet", "--format", "json"])
            .args(["--out", folder.path().join(delay).to_str().expect("a name")])
            .current_dir(elsewhere.path())
            .output()
            .expect("the program starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("one JSON document")
    };
    let hash = |result: &serde_json::Value| result["hash"].as_str().map(str::to_owned);
    let (short, long) = (run("40ms"), run("80ms"));
    assert!(hash(&short).is_some());
    assert_ne!(hash(&short), hash(&long), "what a file says is part of what a result stands on");
}

/// Istio's sample application, as far as its reviews.
const BOOKINFO: &str = r#"
eastwest: 1
name: bookinfo
question: Who sees which reviews?
topology: {regions: {hangzhou: {is: alibaba/cn-hangzhou}}, clusters: {east: {region: hangzhou}}}
services:
  productpage: {replicas: {east: 1}, work: 1ms, forwards: [end-user], calls: [reviews]}
  reviews:
    versions:
      v1: {replicas: {east: 1}, work: 1ms}
      v2: {replicas: {east: 1}, work: 1ms}
      v3: {replicas: {east: 1}, work: 1ms}
  ratings: {replicas: {east: 1}, work: 1ms}
workload:
  readers: {from: hangzhou, to: productpage, rate: 10rps}
  raters: {from: hangzhou, to: ratings, rate: 10rps}
  jason: {from: hangzhou, to: productpage, rate: 10rps, headers: {end-user: jason}}
"#;

/// Files of samples/bookinfo/networking of istio/istio (86c9f01, Apache-2.0), shortened to what concerns reviews.
const DESTINATION_RULE_ALL: &str = "
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
  - {name: v3, labels: {version: v3}}
";
const REVIEWS_80_20: &str = "
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - route:
    - {destination: {host: reviews, subset: v1}, weight: 80}
    - {destination: {host: reviews, subset: v2}, weight: 20}
";
const REVIEWS_TEST_V2: &str = "
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - match: [{headers: {end-user: {exact: jason}}}]
    route: [{destination: {host: reviews, subset: v2}}]
  - route: [{destination: {host: reviews, subset: v1}}]
";

#[track_caller]
fn bookinfo(name: &str, files: &[&str], words: &str) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("istio-{name}"));
    fs::create_dir_all(&folder).expect("a folder");
    let names: Vec<String> = (0..files.len()).map(|number| format!("{number}.yaml")).collect();
    for (name, text) in names.iter().zip(files) {
        fs::write(folder.join(name), text).expect("a file");
    }
    let load = |name: &str, mesh: &str| {
        let path = folder.join(name);
        fs::write(&path, format!("{BOOKINFO}{mesh}\n")).expect("a file");
        let loaded = load(&path, &[]);
        loaded.unwrap_or_else(|refused| panic!("{}", render::rendered(&refused.sources, &refused.diagnostics, false)))
    };
    let read = load("read.yaml", &format!("mesh: {{istio: [{}]}}", names.join(", ")));
    assert!(read.diagnostics.is_empty(), "{}", render::rendered(&read.sources, &read.diagnostics, false));
    let (said, unsaid) = (load("said.yaml", words), load("unsaid.yaml", ""));
    assert!(world(&read, 0) == world(&said, 0), "{}", differing(&world(&read, 0), &world(&said, 0)));
    assert!(world(&read, 0) != world(&unsaid, 0), "it changes something");
}

#[test]
fn bookinfos_weights_and_header_routes_are_rules() {
    let eighty = "mesh: {rules: {reviews: {http-1: {to: {v1: 80%, v2: 20%}}}}}";
    bookinfo("80-20", &[DESTINATION_RULE_ALL, REVIEWS_80_20], eighty);
    let jason = "mesh: {rules: {reviews: {http-1: {match: {headers: {end-user: jason}}, to: v2}, http-2: {to: v1}}}}";
    bookinfo("test-v2", &[DESTINATION_RULE_ALL, REVIEWS_TEST_V2], jason);
}

#[test]
fn all_that_a_route_says_is_a_rules_word() {
    let routes = "
kind: VirtualService
spec:
  hosts: [reviews.default.svc.cluster.local]
  http:
  - name: canary
    match:
    - {uri: {prefix: /rev}, ignoreUriCase: true, method: {exact: GET}, headers: {end-user: {regex: 'j.*'}, x-test: {}}}
    - {withoutHeaders: {x-old: {exact: yes}}, sourceLabels: {app: productpage}, sourceNamespace: default, gateways: [mesh]}
    route:
    - {destination: {host: reviews, subset: v3}, weight: 3}
    - {destination: {host: ratings}, weight: 1}
    - {destination: {host: reviews, subset: v1}, weight: 0}
    timeout: 2s
    retries: {attempts: 3, perTryTimeout: 250ms, retryOn: 5xx}
    fault: {abort: {httpStatus: 503, percentage: {value: 1}}}
    mirror: {host: reviews, subset: v2}
    mirrorPercentage: {value: 10}
    headers: {request: {set: {x-canary: '1'}, remove: [x-old]}}
  - match: [{uri: {exact: /gone}}]
    directResponse: {status: 410}
  - match: [{uri: {exact: /moved}}]
    redirect: {redirectCode: 302}
  - route: [{destination: {host: reviews, subset: old}}]
---
kind: DestinationRule
spec:
  host: reviews
  trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}
  subsets:
  - {name: v2, labels: {version: v2}, trafficPolicy: {outlierDetection: {consecutive5xxErrors: 3}, loadBalancer: {simple: RANDOM}}}
  - {name: old, labels: {app: reviews}}
";
    let words = "
mesh:
  traffic:
    reviews: {balance: round-robin}
    \"reviews:v2\": {outlier: {consecutive-5xx: 3}, balance: random}
  rules:
    reviews:
      canary:
        match:
        - {path: {prefix: /rev}, ignore-case: true, method: GET, headers: {end-user: {regex: 'j.*'}, x-test: {present: true}}}
        - {without-headers: {x-old: 'yes'}, source-labels: {app: productpage}, source-namespace: default, gateways: [mesh]}
        to: {v3: 3, ratings: 1}
        timeout: 2s
        retries: 3
        per-try: 250ms
        retry-on: [5xx]
        fault: {abort: {status: 503, share: 1%}}
        mirror: {to: v2, share: 10%}
        headers: {set: {x-canary: '1'}, remove: [x-old]}
      gone: {match: {path: /gone}, respond: 410}
      moved: {match: {path: /moved}, respond: 302}
      rest: {to: old}
";
    // The subset that is no version's own is the service's.
    let ground = BOOKINFO.replace("  reviews:\n", "  reviews:\n    subsets: {old: {app: reviews}}\n");
    let said = format!("{ground}{words}");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("istio-whole");
    fs::create_dir_all(&folder).expect("a folder");
    let load = |name: &str, text: String| {
        fs::write(folder.join(name), text).expect("a file");
        let loaded = load(&folder.join(name), &[]);
        loaded.unwrap_or_else(|refused| panic!("{}", render::rendered(&refused.sources, &refused.diagnostics, false)))
    };
    fs::write(folder.join("routes.yaml"), routes).expect("a file");
    let read = load("read.yaml", format!("{BOOKINFO}mesh: {{istio: [routes.yaml]}}\n"));
    let said = load("said.yaml", said);
    assert!(world(&read, 0) == world(&said, 0), "{}", differing(&world(&read, 0), &world(&said, 0)));
}

/// `loadBalancer` of a rule for `orders`.
fn balancer(said: &str) -> String {
    let head = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: orders}\n";
    format!("{head}spec: {{host: orders, trafficPolicy: {{loadBalancer: {{{said}}}}}}}\n")
}

#[test]
fn a_consistent_hash_and_a_warmup_are_what_the_scenarios_words_say() {
    let cases = [
        ("consistentHash: {useSourceIp: true}", "hash: {source-ip: true}"),
        (
            "consistentHash: {useSourceIp: true, ringHash: {minimumRingSize: 4096}}",
            "hash: {source-ip: true}, balance: {ring-hash: {min-size: 4096}}",
        ),
        (
            "consistentHash: {useSourceIp: true, minimumRingSize: 0, ringHash: {}}",
            "hash: {source-ip: true}, balance: ring-hash",
        ),
        (
            "consistentHash: {useSourceIp: true, maglev: {tableSize: 101}}",
            "hash: {source-ip: true}, balance: {maglev: {table-size: 101}}",
        ),
        ("consistentHash: {useSourceIp: true, maglev: {}}", "hash: {source-ip: true}, balance: maglev"),
        ("warmupDurationSecs: 45s", "warmup: 45s"),
        (
            "simple: ROUND_ROBIN, warmup: {duration: 1m, minimumPercent: 25, aggression: 1.5}",
            "balance: round-robin, warmup: {for: 60s, min: 25%, aggression: 1.5}",
        ),
    ];
    for (at, (rule, words)) in cases.into_iter().enumerate() {
        let words = format!("{{traffic: {{orders: {{{words}}}}}}}");
        equal(&format!("balancer-{at}"), &[("rule.yaml", &balancer(rule))], &words);
    }
}

#[test]
fn how_many_values_a_header_has_is_said_beside_the_rule() {
    let cases = [
        ("httpHeaderName: x-user", "header: x-user"),
        ("httpCookie: {name: user, ttl: 0s}, maglev: {}", "cookie: user"),
    ];
    for (at, (rule, word)) in cases.into_iter().enumerate() {
        let rule = balancer(&format!("consistentHash: {{{rule}}}"));
        let files = [("rule.yaml", rule.as_str())];
        let unsaid = loaded(&format!("values-{at}"), "mesh: {istio: [rule.yaml]}", &files).expect_err("not said");
        assert!(unsaid.contains("EW361") && unsaid.contains("mesh: {traffic: {orders: {hash: {values"), "{unsaid}");
        let beside = "mesh: {istio: [rule.yaml], traffic: {orders: {hash: {values: 500}}}}";
        let read = loaded(&format!("values-{at}"), beside, &files).unwrap_or_else(|e| panic!("{e}"));
        let balance = if at == 0 { "ring-hash" } else { "maglev" };
        let words = format!("mesh: {{traffic: {{orders: {{balance: {balance}, hash: {{{word}, values: 500}}}}}}}}");
        let said = loaded(&format!("values-{at}-words"), &words, &[]).unwrap_or_else(|e| panic!("{e}"));
        assert!(world(&read, 0) == world(&said, 0), "{}", differing(&world(&read, 0), &world(&said, 0)));
    }
}
