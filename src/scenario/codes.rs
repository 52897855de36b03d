//! What each diagnostic's code means, for `eastwest explain CODE` and the reference.
//!
//! Families: 0 the text, 1 quantities, 2 names, 3 plausibility and the network's rules, 4 prices, 5 gates. A number is
//! never used for something else.

mod advice;
mod barriers;
mod entry;
mod gates;
mod istio;
mod lanes;
mod pods;
mod reliability;
mod scaling;
mod storms;
mod sweep;
mod weather;

/// A code and what is to be known of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Code {
    /// `EW201`.
    pub code: &'static str,
    /// A few words.
    pub title: &'static str,
    /// Why it matters, and what to do.
    pub about: &'static str,
}

const fn code(code: &'static str, title: &'static str, about: &'static str) -> Code {
    Code { code, title, about }
}

/// Every code, in order.
pub fn all() -> Vec<&'static Code> {
    let mut all: Vec<&Code> = every().collect();
    all.sort_by_key(|code| code.code);
    all
}

fn every() -> impl Iterator<Item = &'static Code> {
    CODES
        .iter()
        .chain(advice::ADVICE)
        .chain(entry::ENTRIES)
        .chain(gates::GATES)
        .chain(istio::FILES)
        .chain(lanes::LANES)
        .chain(pods::PODS)
        .chain(reliability::RELIABILITY)
        .chain(sweep::SWEEP)
        .chain(weather::WEATHER)
        .chain(barriers::BARRIERS)
        .chain(storms::STORMS)
        .chain(scaling::SCALING)
        .chain(scaling::STORES)
}

/// All but advice and what is told of Istio's files.
const CODES: &[Code] = &[
    code("EW001", "empty file", "A scenario begins with `eastwest: 1`; `eastwest init` writes one that runs."),
    code(
        "EW002",
        "several documents",
        "One file is one experiment. Write variants under `variants:`, other experiments into other files.",
    ),
    code(
        "EW003",
        "nested too deeply",
        "No scenario needs such depth; the limit keeps a file from a stranger harmless.",
    ),
    code("EW004", "not YAML", "The text could not be read at all, so nothing after this place was looked at."),
    code("EW005", "a key that is no word", "Keys are plain texts; lists, maps and aliases cannot be keys here."),
    code(
        "EW006",
        "merge key",
        "`<<` means different things to different tools. Variants, `base:` and anchors say the same clearly.",
    ),
    code("EW007", "said twice", "Elsewhere the second would silently win. Remove one."),
    code("EW008", "an alias of itself", "A value cannot contain itself."),
    code(
        "EW009",
        "too many values",
        "A file has at most a million, of which aliases stand for 200,000 (a few lines of them can mean a billion), and its variants together 20 million.",
    ),
    code("EW010", "a tag", "What a value is, its key says; `!tags` are not read."),
    code(
        "EW011",
        "a key that tools read differently",
        "YAML 1.1 reads `on`, `n`, `y` and numbers as something else than text. Put the key into quotes.",
    ),
    code(
        "EW012",
        "another kind of value is due",
        "A map, a list or a single value stands where another of these is due.",
    ),
    code("EW013", "something is missing", "A required key is not there."),
    code("EW014", "two things exclude each other", "Both cannot hold; remove one."),
    code(
        "EW015",
        "known, not supported yet",
        "The word belongs to the vocabulary, and this version does not model it. It is refused, because a result without it would look as if it had been counted.",
    ),
    code("EW016", "unknown key", "Nothing reads this key. Often a spelling mistake; the nearest key is named."),
    code("EW017", "unknown word", "One of a few words is due here."),
    code(
        "EW018",
        "not a name",
        "Names become file names, keys of results and parts of addresses: 1 to 64 of a-z, 0-9 and `-`.",
    ),
    code(
        "EW019",
        "a file that cannot be read",
        "Files lie below the scenario's own directory, symbolic links resolved: a scenario from a pull request must not show other files.",
    ),
    code(
        "EW020",
        "a child of a single value",
        "An overlay gives children to something that is a single value. Replace the whole value.",
    ),
    code("EW021", "a scenario that stands on itself", "The files named by `base:` form a circle, or too long a chain."),
    code("EW022", "not a path", "`--set` takes keys with dots: `workload.users.scale=2`."),
    code(
        "EW023",
        "not a variant's to say",
        "Variants are compared with each other: base, version, name, question, seed and replications belong to the study.",
    ),
    code("EW100", "not a quantity", "A number and a unit are due."),
    code("EW101", "no unit", "A bare number is never right where a unit is due: nobody knows which was meant."),
    code(
        "EW102",
        "a unit that is easily mistaken",
        "Bytes for bits, months for minutes: the figure would be wrong by a factor.",
    ),
    code("EW103", "unknown unit", "The unit is not one of this quantity's."),
    code("EW104", "a negative quantity", "Durations, sizes and rates are never negative."),
    code("EW105", "out of range", "The figure is one that no run can use, or that this simulator refuses."),
    code("EW106", "not a price", "A price has an amount, a currency and a unit: `0.02 USD/GB`."),
    code(
        "EW107",
        "not a time of day",
        "Hours and minutes in quotes, `\"20:00\"`: without quotes some tools read a number.",
    ),
    code("EW108", "not a moment", "Date, time and offset in quotes: `\"2026-06-01T19:30+08:00\"`."),
    code("EW109", "not addresses", "An IPv4 block whose bits past the prefix are zero: `10.10.0.0/16`."),
    code("EW110", "not a plain number", "A number without unit is due."),
    code(
        "EW111",
        "not a release of Istio",
        "`mesh.version` decides what changed between releases; write it in quotes.",
    ),
    code(
        "EW112",
        "a file of measured values that cannot be used",
        "One duration with its unit per line; at least two.",
    ),
    code("EW201", "unknown name", "Nothing in this scenario has this name. The nearest one is named, or all of them."),
    code(
        "EW202",
        "one name for two places",
        "A region and a cluster (or a VPC and a cluster) of one name must be the same place, else `from` and `to` are unclear.",
    ),
    code("EW203", "not a region of a book", "`is` names provider and region: `alibaba/cn-hangzhou`, `aws/us-east-1`."),
    code("EW204", "not a pair of regions", "Two regions of this scenario joined by `-`."),
    code(
        "EW205",
        "nothing that an endpoint leads to",
        "A private endpoint leads to `service/NAME` or `gateway/CLUSTER`.",
    ),
    code(
        "EW206",
        "a product that leads nowhere",
        "A private gateway is reached over a product that routes packets: cen, vpc-peering or privatelink.",
    ),
    code("EW207", "routes that clash", "Of two routes for the same ends neither is more specific."),
    code("EW208", "which operation?", "The service has several operations; say which."),
    code("EW209", "calls in a circle", "A request would never end."),
    code("EW210", "no way in", "Users of a region enter by a cluster of that region."),
    code(
        "EW211",
        "nothing that a fault can hit",
        "Zones, regions, links, gateways, products, services and replicas can be hit.",
    ),
    code("EW301", "a law that cannot be", "The figures of the law contradict each other."),
    code("EW302", "shares that do not sum", "Shares sum to 100%; weights are above zero."),
    code("EW303", "nothing in it", "Something that needs at least one entry has none."),
    code("EW304", "two places at once", "The VPC is in another region than the cluster says."),
    code("EW305", "a pair of one", "Two different ends are due."),
    code("EW306", "not a pair", "Exactly two names are due."),
    code("EW307", "no replicas", "A service without replicas answers nothing."),
    code("EW308", "too much", "The scenario asks for more than this simulator follows."),
    code(
        "EW309",
        "`again` in the wrong place",
        "It begins the whole operation anew, so it stands at the operation's own level.",
    ),
    code(
        "EW310",
        "nobody reaches it",
        "No stream asks for this operation and nothing that is reached calls it: it has no effect.",
    ),
    code(
        "EW311",
        "a timeout that never strikes",
        "`timeout` is over all attempts, so a longer `per-try` is never reached.",
    ),
    code("EW312", "steps out of order", "Steps begin at `0s` and go forward in time."),
    code("EW313", "after the run", "It begins when the run is over, so it would have no effect."),
    code("EW314", "longer than the run", "The recovery is not seen; lengthen `run.horizon`."),
    code("EW315", "unused", "It has no effect and costs nothing: name it in a route, or remove it."),
    code(
        "EW316",
        "`--set` that does not reach a variant",
        "The variant says the same key itself, and the variant is laid over what `--set` says.",
    ),
    code(
        "EW317",
        "a setting that changes nothing",
        "It is written and understood, and nothing in this scenario (or this variant) obeys it.",
    ),
    code(
        "EW318",
        "early data in a mesh",
        "0-RTT sends the first request with the handshake. Envoy and Istio do not: it is an exact case to compare with.",
    ),
    code(
        "EW319",
        "a session without TLS",
        "`resume` saves CPU and bytes of a TLS handshake; without TLS there is none.",
    ),
    code(
        "EW320",
        "HTTP/2 of HTTP/1.1",
        "A connection of HTTP/1.1 takes one request at a time; streams and pings are HTTP/2's.",
    ),
    code(
        "EW330",
        "unknown region of a book",
        "The books have no latency, prices or time zone for it; `eastwest catalog regions` lists those they have.",
    ),
    code("EW331", "a round trip of another law", "A round trip is constant or lognormal."),
    code(
        "EW332",
        "a matrix that cannot be read",
        "A matrix is square (regions in the first row and column) or long (from, to, milliseconds).",
    ),
    code("EW333", "behind what?", "Only a private endpoint can stand behind another product."),
    code(
        "EW334",
        "an endpoint that leads elsewhere",
        "A private gateway over privatelink needs an endpoint with `to: gateway/CLUSTER`.",
    ),
    code("EW335", "no figures", "The books have neither jitter nor price for this; a result would be invented."),
    code(
        "EW336",
        "a matrix with holes",
        "It says nothing of two regions of the scenario, so the figure is not the one that you measured.",
    ),
    code(
        "EW337",
        "pods in the wrong range",
        "Terway gives pods addresses of the VPC, Flannel gives them a range of their own beside it.",
    ),
    code("EW340", "no route", "Calls go between these places, and no route says over which product."),
    code(
        "EW341",
        "a product that cannot serve its route",
        "The rule that it breaks is named: regions, addresses, attachments, bandwidth.",
    ),
    code("EW342", "operations in a ring", "A request would never end."),
    code("EW343", "no cluster to enter by", "Users of a region enter by a cluster of that region."),
    code(
        "EW344",
        "loss not stated",
        "The internet across the mainland's border loses packets in the evening, and the profiles mild, typical and severe differ by a factor of fifteen. Figures are for typical; their range over the inputs runs from mild to severe.",
    ),
    code("EW345", "no loss at all", "The internet across the mainland's border without loss flatters the public path."),
    code(
        "EW346",
        "a fault that cannot be placed",
        "What it hits is not in the compiled network, or its pattern matches nothing of any variant.",
    ),
    code(
        "EW347",
        "more than is sold",
        "The provider sells no such thing, whatever the quota; the limit and its source are named.",
    ),
    code(
        "EW348",
        "above a documented limit",
        "The provider does not sell that much by default; ask for a higher quota, or ask for less.",
    ),
    code(
        "EW349",
        "more bytes than a part lets pass",
        "A router, an attachment or a balancer has a limit that is not simulated: past it the figures are too good.",
    ),
    code("EW350", "more load than an unlimited queue can bear", "The queue grows for ever, and so does every figure."),
    code(
        "EW351",
        "more load than capacity",
        "What the queue cannot hold is answered 503. Of open streams; what users who wait for their answers ask for is told by `estimate`.",
    ),
    code("EW352", "more bytes than a cap lets pass", "The excess is dropped or waits, as `past-cap` says."),
    code(
        "EW353",
        "calls leave their region",
        "Without outlier detection Istio has no locality order: one flat list, split by endpoints. The bytes are billed.",
    ),
    code(
        "EW354",
        "the hour of the day without a day",
        "Rates or loss follow the clock, so the moment of t = 0 decides what is seen.",
    ),
    code(
        "EW355",
        "a route that no call takes",
        "It has no effect: a more specific one wins, or nothing calls between its ends.",
    ),
    code(
        "EW356",
        "ejection that never happens",
        "Envoy ejects only while the share of hosts that are out stays within `max-ejection`, the one to be ejected counted: at Istio's 10 % an upstream of fewer than ten hosts never loses any, and a locality fails over only as far as its hosts can be ejected.",
    ),
    code(
        "EW357",
        "more than a billion calls",
        "Every call of every variant and replication is followed: at a million a second on a core this takes a quarter of an hour or more. A shorter horizon or fewer replications often answer the question; `eastwest estimate` needs none.",
    ),
    code(
        "EW358",
        "a message longer than a burst",
        "A policer lets pass what its bucket holds and drops the rest, which TCP sends again in rounds of a round trip or of a retransmission timeout: a message of many bursts takes as many rounds, whatever the bandwidth.",
    ),
    code(
        "EW360",
        "parameters of balancing that do not go together",
        "Envoy wants a prime as the size of a Maglev table and a ring whose least size is not above its largest; distinct draws are theory's, of 2 to 16 hosts.",
    ),
    code(
        "EW361",
        "a hash that nothing looks at, or of nothing",
        "Only `ring-hash` and `maglev` choose by a hash, of one thing: a header, a cookie (of so many values) or the source address.",
    ),
    code(
        "EW362",
        "nothing to hash",
        "Where a request has no hash, Envoy's hash balancers choose by chance: without `hash` that is every request.",
    ),
    code(
        "EW363",
        "slow start where nothing starts slowly",
        "Envoy has slow start in least request and round robin; `random`, `ring-hash` and `maglev` give a new host its share at once.",
    ),
    code(
        "EW364",
        "a label that no endpoint has",
        "`failover-priority` compares labels of callers and endpoints; one that nobody has matches everywhere and orders nothing.",
    ),
    code(
        "EW365",
        "not a pattern of localities",
        "Istio's `distribute` names where callers are and where they go: a region, a zone of it, or all of either with `*` at the end.",
    ),
    code(
        "EW366",
        "kept in a cluster that has none",
        "A service under `mesh.retain` is seen in the caller's cluster alone, without any fallback: where that has no replica, the proxy answers each call with a 503 (no healthy upstream).",
    ),
    code(
        "EW368",
        "a status that nothing answers with",
        "HTTP statuses are numbers, gRPC's are words (`unavailable`); applications fail with 400 to 599, and shares of one operation add up to at most 100 %.",
    ),
    code(
        "EW369",
        "a rate limit for one caller",
        "Envoy's local rate limit stands in the server's proxy, which lets requests in whoever sends them.",
    ),
    code(
        "EW370",
        "outlier detection that this release or policy does not do",
        "Failures to connect are counted apart only with `split-external-local`; `always-eject-one` came with Envoy 1.31, which Istio 1.23 carries.",
    ),
    code("EW372", "a rule that shares out nothing, or too much", "Shares sum to 100%, weights to anything above zero."),
    code(
        "EW373",
        "no such operation where a rule leads",
        "A call keeps its operation: one of that name, or the only one.",
    ),
    code(
        "EW374",
        "a rule that no call meets",
        "An earlier rule takes all, or what it asks for is not forwarded to it.",
    ),
    code("EW375", "too many combinations of headers", "Requests are told apart as far as rules can tell."),
    code("EW371", "a longest back-off below the base", "Windows double from the base up to `max`; Envoy refuses less."),
    code(
        "EW380",
        "readiness that nobody is told of",
        "A probe says who is ready; only a control plane takes those who are not out of what proxies see.",
    ),
    code("EW381", "a control plane without its place", "Each kind stands somewhere else; the message says where."),
    code(
        "EW382",
        "something that cannot freeze",
        "A control plane that is frozen pushes nothing and is otherwise there; one that is down gives new pods nothing either.",
    ),
    code(
        "EW383",
        "a control plane without a way to its proxies",
        "Its traffic takes the way of the calls between the same regions; where there are none, none is known.",
    ),
    code("EW410", "ambient's proxies without an ambient mesh", "Only `dataplane: ambient` has ztunnels and waypoints."),
    code(
        "EW411",
        "a waypoint that cannot be",
        "It has a name of its own, services that are nobody else's, and somebody who calls them.",
    ),
    code(
        "EW412",
        "a policy that nobody obeys",
        "A ztunnel sees connections, not requests. Whatever is said of requests needs a waypoint, or a sidecar.",
    ),
    code("EW413", "a rate limit before nobody", "In an ambient mesh it stands in the replicas of a waypoint."),
    code(
        "EW414",
        "an edition that does not fit",
        "ASM serves 50, 1000 or 10000 pods by edition; past that it goes on without an SLA. Nobody else sells its editions.",
    ),
    code(
        "EW415",
        "an effect on what does not have it",
        "Links lose packets, replicas answer errors; what is slower may be either. A control plane is down or frozen.",
    ),
    code(
        "EW416",
        "a fault that changes nothing",
        "Its factor is 1, its share is 0%; nothing stands or goes where it hits, in any variant; or what it stands in the way of does not happen there: nobody calls, nobody opens a connection, all have the same new authority.",
    ),
    code(
        "EW417",
        "a partition that parts nothing",
        "Its two sides are places, at least one on each, and none on both.",
    ),
    code("EW418", "some of one thing", "`count` and `share` choose among what a pattern with `*` finds."),
    code(
        "EW420",
        "no price found",
        "No document that we read states it. The bill solves for it: below which price does which variant win?",
    ),
    code("EW421", "unknown row of the price book", "`eastwest catalog prices` lists the rows."),
    code("EW422", "a price per something else", "The book's row has another unit."),
    code(
        "EW423",
        "a price in another currency",
        "Convert it: an exchange rate of today would change tomorrow's result.",
    ),
    code(
        "EW424",
        "the steps of a price",
        "Steps begin at 0 and rise; an address by bandwidth is stated by the price of each Mbit/s alike.",
    ),
    code("EW425", "not a currency", "A currency is three capitals: `USD`, `EUR`, `CNY`."),
    code(
        "EW426",
        "no rate of exchange",
        "A bill in another currency needs a rate that the reader states; none is fetched.",
    ),
    code("EW427", "a mistake in a file of prices", "The message names the file, its line and the field in it."),
    code(
        "EW445",
        "good within, of no objective",
        "`business.good-within` says when an answer is good; what counts them is the objective beside it, `slo`.",
    ),
];

/// What a code means.
pub fn explain(code: &str) -> Option<&'static Code> {
    every().find(|known| known.code.eq_ignore_ascii_case(code))
}

#[cfg(test)]
mod tests;
