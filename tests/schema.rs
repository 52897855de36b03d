//! The schema and the key reference are those of the vocabulary, and the shipped scenarios keep to the schema.
//!
//! `EASTWEST_UPDATE=1 cargo test --test schema` writes both files anew.

use eastwest::scenario::tree::{Node, Value as Tree};
use eastwest::scenario::vocabulary::{Fallback, Shape, blocks};
use eastwest::scenario::{SourceId, load_text, reference, schema, tree};
use serde_json::Value;
use std::fs;
use std::path::Path;

#[track_caller]
fn kept(path: &str, text: &str) {
    if std::env::var_os("EASTWEST_UPDATE").is_some() {
        fs::create_dir_all(Path::new(path).parent().expect("a folder")).expect("the folder is made");
        fs::write(path, text).expect("the file is written");
    }
    let there = fs::read_to_string(path).unwrap_or_default();
    assert!(there == text, "{path} is not what the vocabulary says: EASTWEST_UPDATE=1 cargo test --test schema");
}

#[test]
fn the_schema_file_is_that_of_the_vocabulary() {
    let text = serde_json::to_string_pretty(&schema::schema()).expect("a schema is JSON") + "\n";
    kept("schema/scenario.schema.json", &text);
}

#[test]
fn the_key_reference_is_that_of_the_vocabulary() {
    kept("docs/scenario-reference.md", &reference::reference());
}

/// Complaints about `node` against `schema`: types, keys, words, bounds; not patterns, which are for editors.
fn against(node: &Node, schema: &Value, root: &Value, path: &str, wrong: &mut Vec<String>) {
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let name = target.rsplit('/').next().expect("a name");
        return against(node, &root["$defs"][name], root, path, wrong);
    }
    if let Some(forms) = schema.get("anyOf").and_then(Value::as_array) {
        let fits = forms.iter().any(|form| {
            let mut wrong = Vec::new();
            against(node, form, root, path, &mut wrong);
            wrong.is_empty()
        });
        if !fits {
            wrong.push(format!("{path}: none of the forms fits"));
        }
        return;
    }
    if schema.get("not").is_some() {
        wrong.push(format!("{path}: not supported yet"));
    }
    let number = |text: &str| text.parse::<f64>().ok();
    let kind = match &node.value {
        Tree::Map(_) => "object",
        Tree::List(_) => "array",
        _ if node.is_null() => "null",
        Tree::Scalar { text, plain: true } if text == "true" || text == "false" => "boolean",
        Tree::Scalar { text, plain: true } if text.parse::<u64>().is_ok() => "integer",
        Tree::Scalar { text, plain: true } if number(text).is_some() => "number",
        Tree::Scalar { .. } => "string",
    };
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let fits = types.is_empty() || types.contains(&kind) || (kind == "integer" && types.contains(&"number"));
    if !fits {
        wrong.push(format!("{path}: {kind} is none of {types:?}"));
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        let text = node.as_text().unwrap_or("");
        let said = |word: &Value| word.as_str().map_or_else(|| word.to_string(), str::to_owned) == text;
        if !words.iter().any(said) {
            wrong.push(format!("{path}: `{text}` is none of {words:?}"));
        }
    }
    if let (Some(value), Some(low), Some(high)) = (
        node.as_text().and_then(number),
        schema.get("minimum").and_then(Value::as_f64),
        schema.get("maximum").and_then(Value::as_f64),
    ) && !(low..=high).contains(&value)
    {
        wrong.push(format!("{path}: {value} is not in {low}..{high}"));
    }
    if let Tree::List(items) = &node.value {
        for (index, item) in items.iter().enumerate() {
            against(item, &schema["items"], root, &format!("{path}[{index}]"), wrong);
        }
    }
    if let Tree::Map(map) = &node.value {
        for (key, entry) in map {
            let path = format!("{path}.{key}");
            match (schema.get("properties").and_then(|all| all.get(key)), schema.get("additionalProperties")) {
                (Some(schema), _) | (None, Some(schema @ Value::Object(_))) => {
                    against(&entry.node, schema, root, &path, wrong)
                }
                (None, None) => {}
                (None, Some(_)) => wrong.push(format!("{path}: unknown key")),
            }
        }
        for key in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
            if !map.contains_key(key.as_str().expect("a key")) {
                wrong.push(format!("{path}: lacks {key}"));
            }
        }
    }
}

fn complaints(text: &str) -> Vec<String> {
    let mut diagnostics = Vec::new();
    let node = tree::parse(SourceId(0), text, 0, &mut diagnostics).expect("it is YAML");
    let schema = schema::schema();
    let mut wrong = Vec::new();
    against(&node, &schema, &schema, "", &mut wrong);
    wrong
}

#[test]
fn shipped_scenarios_keep_to_the_schema() {
    let mut count = 0;
    for folder in ["scenarios", "scenarios/theory"] {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("a readable entry").path();
            if path.extension().is_some_and(|ending| ending == "yaml") {
                count += 1;
                let wrong = complaints(&fs::read_to_string(&path).expect("a text"));
                assert!(wrong.is_empty(), "{}: {wrong:#?}", path.display());
            }
        }
    }
    assert!(count >= 6);
}

#[test]
fn the_schema_refuses_what_the_decoder_refuses() {
    let text = "eastwest: 1\ntopology: {regions: {a: {}}, clusters: {c: {region: a}}}\nservices: {web: {replicas: {c: 2}, worker: 2, on-cancel: halt}}\nworkload: {users: {from: a, to: web, rate: 1rps, entry: back}}\nstores: {db: {partition: zone}}\n";
    let wrong = complaints(text);
    assert_eq!(wrong.len(), 4, "{wrong:#?}");
    assert!(load_text("x.yaml", text, &[]).is_err());
}

#[test]
fn block_titles_tell_blocks_apart() {
    let blocks = blocks();
    let mut titles: Vec<_> =
        blocks.iter().map(|block| block.title.replace(|c: char| !c.is_ascii_alphanumeric(), "-")).collect();
    titles.sort();
    titles.dedup();
    assert_eq!(titles.len(), blocks.len());
    assert!(blocks.len() > 30);
}

#[test]
fn every_key_has_an_effect_and_no_key_stands_twice() {
    for block in blocks() {
        for (index, key) in block.keys.iter().enumerate() {
            assert!(key.effect.ends_with(['.', ')']), "{}.{}: {}", block.title, key.name, key.effect);
            assert!(block.keys[..index].iter().all(|other| other.name != key.name), "{}.{}", block.title, key.name);
            assert!(!(matches!(key.shape, Shape::Later) && key.fallback == Fallback::Required));
        }
    }
}

/// A scenario in which every live block is opened: the decoder asserts that it asks for every live key of each.
#[test]
fn the_decoder_reads_every_live_key_of_every_block() {
    let text = r#"
eastwest: 1
name: all
question: Is every block read?
topology:
  regions: {a: {is: alibaba/cn-hangzhou, zones: [x, z]}, b: {is: alibaba/cn-beijing}}
  vpcs: {va: {region: a, cidr: 10.1.0.0/16, owner: bank}}
  clusters: {ca: {vpc: va, pods: 172.16.0.0/16}, cb: {region: b}}
  links:
    ab: {between: [a, b], rtt: {lognormal: {p50: 20ms, p99: 30ms}}, loss: {good: 0%, bad: 5%, mean-good: 9s, mean-bad: 1s}, profile: {loss: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 1, 1]}}
connectivity:
  cen: {cen: {bandwidth: {a-b: 50Mbps}, past-cap: {police: {burst: 20ms}}}}
  cen2: {cen: {bandwidth: 50Mbps, past-cap: {shape: {buffer: 20ms}}}}
  cen3: {cen: {bandwidth: 50Mbps, past-cap: {fair: {weights: round-trip}}}}
  peer: {vpc-peering: {between: [va, cb]}}
  link: {privatelink: {to: gateway/ca, consumer: cb, gateway: {replicas: 3}}}
  pub: {public-gateway: {nat: {addresses: 2}, gateways: {ca: {cpu: 1}}, eip: {line: bgp-pro}, loss: 0.5%}}
  priv: {private-gateway: {over: cen}}
routes: {default: {via: cen}, x: {from: a, to: cluster/cb, via: pub}}
services:
  web:
    replicas: {ca: {x: 1, z: 2}, cb: 3}
    autoscale: {max: 4, boot: 40s}
    operations:
      one: {steps: [{work: {uniform: {low: 1ms, high: 2ms}}}, {parallel: [{call: db.get}, [{work: 1ms}]]}, {choose: [{weight: 1, steps: [{work: 1ms}]}, {weight: 2}]}, {repeat: {times: 2, steps: [{call: db.put}]}}, {again: 5%}]}
      two: {work: {erlang: {shape: 2, mean: 2ms}}, calls: [db.get], request: 2KiB, priority: 1, errors: 1%}
  db:
    replicas: {ca: 2}
    operations:
      get: {work: {hyperexponential: {mean: 1ms, cv: 2}}}
      put: {work: {hyperexponential: [{share: 90%, mean: 1ms}, {share: 10%, mean: 9ms}]}}
  odd: {replicas: {ca: 1}, operations: {p: {work: {pareto: {alpha: 1.5, min: 1ms, max: 9ms}}}, w: {work: {weibull: {shape: 0.5, scale: 1ms}}}, m: {work: {mix: [{share: 50%, law: 1ms}, {share: 50%, law: {exponential: 2ms}}]}}}}
  cut:
    forwards: [x-a]
    operations: {o: {work: 1ms, path: /o}}
    versions:
      v1: {replicas: {ca: 1}, labels: {track: a}}
      v2: {replicas: {ca: 1}, operations: {o: {work: 2ms, errors: 1%}}}
    subsets: {all: {app: cut}}
  laned: {versions: {v1: {replicas: {ca: 1}}}, steps: [{work: 1ms}, {cache: {hit: 90%, keys: 100, miss: [{call: web.two}]}}]}
  by-cluster: {is: shop/by-cluster, replicas: {ca: 1, cb: 1}, work: 1ms, in: {cb: {work: 2ms, errors: 1%}}}
mesh:
  proxy: {cpu: 100us}
  rules:
    cut:
      first: {match: {path: {prefix: /o}, headers: {x-a: "1"}}, to: v2, timeout: 1s, headers: {set: {x-b: "2"}}, mirror: {to: v1, share: 10%}}
      rest: {to: {v1: 1, all: 3}}
  lanes: {mode: permissive, trace-header: x-t, baseline: v1, fallback: {laned: v1}, lane: {v1: {services: [laned]}}, ingress: {all: {match: {method: GET}, to: {v1: 100%}}}}
  tls: {version: "1.3", resume: true}
  control-plane: {kind: managed, region: a, push: 1s}
  readiness: {period: 5s, failures: 2}
  traffic:
    "*": {outlier: {eject: 10s}, locality: {failover: {a: b}}, pool: {http2-ping: {interval: 5s}, tcp-keepalive: {time: 60s, interval: 10s, probes: 3}}}
    "one -> web": {locality: {zone-aware: {min-cluster-size: 3}}}
    "web -> db": {locality: {distribute: {a: {a: 80%, b: 20%}}}, retry-on: [5xx, "503"]}
    db: {balance: {least-request: {choices: 3}}, warmup: {for: 30s}}
    web: {balance: {ring-hash: {min-size: 64}}, hash: {header: x-user, values: 10}}
    "three -> odd": {balance: {maglev: {table-size: 101}}, hash: source-ip}
    odd: {backoff: {base: 10ms, max: 50ms}, retry-budget: {share: 25%, min: 2}, hedge: true, previous-priorities: 2, fault: {delay: {for: 2s, share: 10%}, abort: {status: 503, share: 1%}, max-active: 9}, rate-limit: {tokens: 100, per-fill: 10, every: 1s}, outlier: {jitter: 1s, success-rate: {factor: 2.5}, failure-percentage: {threshold: 50%}, min-health: 30%, error-codes: [429, 503], split-external-local: true, consecutive-local: 4}}
workload:
  one: {from: a, to: web, mix: {one: 40%, two: 60%}, rate: {steps: {0s: 10rps, 1m: 20rps}}, arrivals: {erlang: 2}}
  two: {from: cluster/cb, to: web.two, rate: {diurnal: {low: 1rps, high: 2rps, peak: "20:00"}}, arrivals: {hyperexponential: {cv: 2}}}
  three: {from: b, to: odd, mix: {p: 50%, w: 25%, m: 25%}, closed: {users: 5, think: {exponential: 1s}}, entry: direct}
  four: {from: b, to: web.one, rate: 2rps, arrivals: {hyperexponential: [{share: 90%, rate: 1.8}, {share: 10%, rate: 0.2}]}}
  five: {from: b, to: cut, rate: 1rps, headers: {x-a: {one-of: ["1", "2"]}}}
  six: {from: b, to: laned, rate: 1rps, headers: {x-t: "1"}}
  more-$i: {from: b, to: laned, rate: 1rps}
  kept: {from: a, to: web.one, patience: 3s, sessions: {arrive: 1rps, last: 1m, think: 5s, login: web.two, reconnect: {jitter: 5s, backoff: {base: 1s, max: 4s}}}}
stores: {data: {partition: cluster, used-by: [web]}, ledger: {primary: ca, replicas: [cb], used-by: {web: {writes: [one]}}, lag: 1s, promote: {after: 1s, takes: 1s}}}
flows: {copies: {from: a, to: b, rate: 8Mbps}}
faults:
  out: {at: 1m, for: 1m, hit: gateway/pub/ca/0, down: true}
  split: {at: 1m, for: 1m, partition: {between: [region/a], and: [region/b]}}
  grey: {at: 2m, for: 1m, hit: service/web, slow: {factor: 2, add: 1ms}, errors: 1%}
  random: {mean-up: {exponential: 30d}, mean-down: 4m, hit: region/a, down: true, common: {share: 5%, with: 60%}, flap: {down: 2s, up: 3s}}
  rolled: {at: 3m, hit: [service/db, service/odd], restart: {at-once: 25%, grace: 5s}}
  thin: {at: 3m, for: 1m, hit: product/cen2, rate: 30%}
  drained: {at: 3m, for: 1m, hit: zone/a/z, drain: {grace: 5s}}
entry: {front: {dns: {check: {misses: 2}}, to: [ca, cb]}, wide: {balancer: {answer: nearest}, to: [ca]}}
actions: {move: {when: end(out) + 1m, set: {entry.front.to: [cb]}}}
prices: {rows: {x: [{from: 0, price: 1 USD/GB}]}, contract: [{item: x, price: 1 USD/GB}]}
business: {downtime: 20000 USD/h, outages-per-year: {out: 1}}
reliability: {rows: {zone: {mean-up: 3 years, mean-down: 2h, uncertain: 3}, nat: {seen: {failures: 2, in: 3 years}}}, slo: 99.9%}
run: {from: "2026-06-01T19:30+08:00", horizon: 5m, fill: 30s}
objectives: {fast: {check: "p99(web.one) < 1s", during: out}}
copies: {i: 2}
sweep: {load: {set: [workload.one.scale, workload.two.scale], to: {from: 1, to: 8, steps: 4, scale: log}}}
"#;
    let loaded = load_text("all.yaml", text, &[]).unwrap_or_else(|refused| panic!("{:#?}", refused.diagnostics));
    let scenario = &loaded.variants[0].scenario;
    let policy = scenario.mesh.policy("web", "db");
    assert_eq!(policy.policy.outlier.map(|outlier| outlier.eject.seconds()), Some(10.0));
    assert_eq!(policy.locality.distribute["a"].len(), 2);
    assert!(policy.policy.retry_on.server_error && policy.policy.retry_on.codes.has(503));
    let odd = scenario.mesh.policy("three", "odd").policy;
    let outlier = odd.outlier.expect("outlier detection");
    assert_eq!(outlier.success_rate.map(|rule| (rule.factor, rule.volume, rule.enforce)), Some((2500, 100, 100)));
    assert_eq!(outlier.failure_percentage.map(|rule| rule.threshold), Some(50));
    assert_eq!((outlier.consecutive_local, odd.panic_threshold, odd.previous_priorities), (Some(4), 30, Some(2)));
    assert_eq!(odd.retry_budget.map(|budget| (budget.percent, budget.min)), Some((25.0, 2)));
    assert!(odd.hedge && odd.fault.is_some() && odd.max_backoff.is_some() && scenario.mesh.rate_limit("odd").is_some());
    assert_eq!(scenario.run.replications.value, 20);
    let text = eastwest::scenario::resolve::resolved(&loaded, &loaded.variants[0]);
    let mut diagnostics = Vec::new();
    let tree = tree::parse(SourceId(0), &text, 0, &mut diagnostics).expect("the resolved text is YAML");
    // A scenario in no directory has no files, so it has no matrix; `scenarios/bad` opens that block.
    for block in blocks().into_iter().filter(|block| block.title != "topology.rtt") {
        let opened = opens(&tree, block.keys.iter().filter(|key| key.live()).map(|key| key.name).collect());
        assert!(opened, "the scenario of this test opens {}", block.title);
    }
}

/// Does some map of the tree consist of keys of a block?
fn opens(node: &Node, keys: Vec<&str>) -> bool {
    match &node.value {
        Tree::Scalar { .. } => false,
        Tree::List(items) => items.iter().any(|item| opens(item, keys.clone())),
        Tree::Map(map) => {
            let all = !map.is_empty() && map.keys().all(|key| keys.contains(&key.as_str()));
            all || map.values().any(|entry| opens(&entry.node, keys.clone()))
        }
    }
}
