//! Codes of advice: what a mesh is told to do and will not (docs/advice.md).

use super::{Code, code};

/// EW385 to EW399, and EW549.
pub(super) const ADVICE: &[Code] = &[
    code(
        "EW385",
        "failover without outlier detection",
        "Istio applies `failover` only where the DestinationRule has `outlierDetection`: without it all endpoints are one flat list by count, and nobody is ever taken out.",
    ),
    code(
        "EW386",
        "a failover that leads nowhere",
        "The region that it names has no replica of any service that it is for, so that it changes nothing.",
    ),
    code(
        "EW387",
        "a gateway is one host",
        "Behind another network a client sees the gateway's address alone: outlier detection charges it with the failures of every replica behind it, and one ejection takes them all.",
    ),
    code(
        "EW388",
        "distribute without a fallback",
        "`distribute` empties every locality that it does not list. There is no failover from it: when the listed ones are dead, calls fail.",
    ),
    code(
        "EW389",
        "dead hosts that nobody takes out",
        "Istio has no active health checks: without outlier detection a client goes on sending a dead host its share, and panic thresholds never count it as unhealthy.",
    ),
    code(
        "EW390",
        "outlier detection that hears too little",
        "Each client proxy counts by itself, failures in a row: a call that hangs has not failed, and a host that is hardly called takes long to fail so often.",
    ),
    code(
        "EW391",
        "a backup that falls with what it backs up",
        "What a backup needs stands in the zone or region whose loss it is there for.",
    ),
    code(
        "EW392",
        "retries that do not cover what fails",
        "Istio's default retries connect-failure and refused-stream (and, up to 1.23, 503). A timed-out try and a broken connection need `reset`, `gateway-error` or `5xx`.",
    ),
    code(
        "EW393",
        "a timeout shorter than the way",
        "The round trip and the handshakes of a new connection (one for TCP, one for TLS 1.3) come before the first byte of an answer.",
    ),
    code(
        "EW394",
        "tries that do not fit into the timeout",
        "`timeout` is over all tries and their back-off; `per-try` times the tries should be below it, else the last ones never begin.",
    ),
    code(
        "EW395",
        "retries that multiply",
        "Where k tiers of calls each try 1 + r times and retry what comes up from below, a service at the end is asked (1 + r)^k times for one request, when it can bear it least.",
    ),
    code(
        "EW396",
        "retries without a budget",
        "A service that refuses because it is full is asked again by every caller. Where tries times load is above capacity, it does not come back by itself.",
    ),
    code(
        "EW398",
        "a panic threshold that does not do what it says",
        "Below the threshold Envoy sends calls to all hosts, the ejected ones too. Istio sets it to 0 with outlier detection; without, no host is ever unhealthy.",
    ),
    code(
        "EW399",
        "a policy that nothing comes of",
        "One of its words takes the others away: outlier detection without a detector, hedging that never begins, a filter that injects nothing. What is meant should be written, the rest left out.",
    ),
    code(
        "EW549",
        "outlier detection that ejects who lacks a primary",
        "A write without a primary is answered 503 by an application that is well. Outlier detection counts it as any 5xx, and ejects healthy hosts when none is better: the outage lasts on when there is a primary again, for reads too.",
    ),
];
