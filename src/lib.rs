//! eastwest: a discrete-event simulator of multi-region service-mesh traffic.
//!
//! It answers one kind of question: *which way should these clusters be joined, and what does that do to latency, cost
//! and availability?* The joins are products that can be bought: a transit router on the provider's backbone (CEN),
//! private endpoints (PrivateLink), VPC peering, an east-west gateway on the internet. A scenario file says what runs
//! where and which joins to compare; every variant meets the same users and the same outages, so that what differs in
//! the answer is the join.
//!
//! This page is the manual of the house. How to *use* the program is in the README.
//!
//! # The idea that makes it small
//!
//! **Whatever a user can name is compiled, before the run, into a few things that the engine knows: link, station,
//! endpoint, path, call.** The hot loop has no word for "transit router" or "zone outage". It moves calls over paths.
//! Cost is not simulated: the run counts, the bill is worked out afterwards. *Count while it runs; price when it is done.*
//!
//! The shape is an hourglass. The front end (text to world) stands on one side, the machine (world to record) on the
//! other, and [`world`], plain immutable data, is the waist that the two share. They never import each other.
//!
//! # Words
//!
//! | word | means |
//! |---|---|
//! | request | what a user sent |
//! | call | one edge of a request's tree: a service asks another |
//! | attempt | one try of a call; retries are further attempts |
//! | place | a cluster's part in one zone |
//! | link | directed: what physically or commercially carries bytes |
//! | path | a list of links from a place to a place, and back |
//! | station | something with servers and a queue that is not a replica: a gateway's CPU, a sidecar's worker |
//! | variant | one choice under study: a partial scenario laid over the file |
//! | replication | one run of a variant with chances of its own; replication 3 of all variants shares its chances |
//! | book | figures of a provider, each row with source, date and status |
//!
//! # The floors
//!
//! A room imports only rooms further down; `tests/architecture.rs` reads the source and keeps it so.
//!
//! ```text
//! main
//! cli            one file per command; the only room with a terminal and a clock
//! study          replications, statistics, the bill, gates
//! scenario | mesh          text to world | world to record; never import each other
//! world          the waist
//! connect | policy | fault | workload | meter | report
//! bill           metered usage at its tariffs: invoices
//! provider       the books
//! engine | topology | random | record
//! units | table
//! ```
//!
//! # The walk of one request, from file to chart
//!
//! | step | who | what becomes of it |
//! |---|---|---|
//! | text | [`scenario`] | a tree in which every value knows its line and column |
//! | overlay | [`scenario`] | base and variant merged, still knowing who said what |
//! | meaning | [`scenario`] | names resolved, units read, defaults filled in; or *all* diagnostics at once |
//! | world | [`scenario`] with [`connect`], [`provider`] | links drawn, paths found, quiet legs folded into one delay |
//! | run | [`study`] starts [`engine`] with the [`mesh`] | one replication, one seed |
//! | arrive | [`workload`], [`mesh`] | a call opens, the stream's next arrival is scheduled |
//! | route | [`policy`] in the [`mesh`] | priorities and locality choose a host set, the balancer a host |
//! | connect, travel | [`mesh`] | a warm connection or handshakes; leg by leg, with loss, caps and queues; bytes counted |
//! | serve | [`mesh`] | a worker or the queue; the operation's steps; calls of its own; the reply travels back |
//! | settle | [`mesh`], [`policy`] | success, retry or failure; outlier detection hears of it |
//! | record | [`meter`], [`record`] | exact integer counts and histograms, a digest of every event |
//! | weigh | [`study`], [`bill`] | intervals over replications, paired differences, the month's bill, gates |
//! | show | [`report`] | reads the record only, so it can be shown again tomorrow without a simulation |
//!
//! # As a library
//!
//! Three nouns: a loaded scenario, a study, its comparison.
//!
//! ```
//! use std::path::Path;
//!
//! use eastwest::{scenario, study};
//!
//! let short = [("run.horizon".to_owned(), "20s".to_owned())];
//! let loaded = scenario::load(Path::new("scenarios/first.yaml"), &short).expect("the scenario is valid");
//! let options = study::Options { replications: Some(3), inputs: false, ..study::Options::default() };
//! let answer = study::compare(&loaded, &options, &study::Unwatched).expect("it runs").comparison;
//! println!("{}", answer.verdict);
//!
//! let month = |variant: usize| answer.variants[variant].bill.month.value.expect("all prices are known");
//! assert_eq!((answer.variants[0].name.as_str(), answer.variants[1].name.as_str()), ("cen", "public"));
//! assert!(month(0) < month(1), "inside the mainland the backbone is cheaper");
//! ```
//!
//! # What makes two runs the same
//!
//! Every draw is a pure function of (seed, replication, name, purpose, request, node of its call tree, attempt), see
//! [`random`]: never of the order of events, of memory or of threads. Events at the same instant are ordered by what
//! they are, not by when they were scheduled. Sums are integers. So the same scenario gives the same bytes on one
//! thread and on eight, and adding a variant changes nothing in the others.
//!
//! # Adding a kind
//!
//! A product, a balancer, a law is one file beside its siblings and one line in their catalogue. No `match` elsewhere
//! learns its name. If it must, the contract is wrong: fix the contract.

pub mod bill;
pub mod cli;
pub mod connect;
pub mod engine;
pub mod fault;
pub mod import;
pub mod mesh;
pub mod meter;
pub mod policy;
pub mod provider;
pub mod random;
pub mod record;
pub mod report;
pub mod scenario;
pub mod study;
pub mod table;
pub mod topology;
pub mod units;
pub mod workload;
pub mod world;
