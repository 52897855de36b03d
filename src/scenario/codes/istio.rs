//! Codes of what is read from Istio's own files (docs/istio-files.md).

use super::{Code, code};

/// EW400 to EW409.
pub(super) const FILES: &[Code] = &[
    code(
        "EW400",
        "a field of Istio's that is not simulated",
        "It may change a figure, so the file is refused rather than read as if the field were not there.",
    ),
    code("EW401", "a field of Istio's that changes nothing here", "It decides nothing that is simulated."),
    code(
        "EW402",
        "a value of an Istio file that cannot be read",
        "Durations are Go's (`1m30s`), numbers are whole, percentages go from 0 to 100.",
    ),
    code("EW403", "an unknown field in an Istio file", "docs/istio-files.md lists every field and what becomes of it."),
    code(
        "EW404",
        "a rule for nobody",
        "A host is a service of the scenario: `name` is `name.default.svc.cluster.local`, `ns/name` is `name.ns.svc.cluster.local`.",
    ),
    code(
        "EW405",
        "two rules for one host",
        "Istio takes the older one, or merges them in an order that a file does not tell.",
    ),
    code(
        "EW406",
        "a resource that is not read",
        "DestinationRule, VirtualService and MeshConfig (also in an IstioOperator) are.",
    ),
    code(
        "EW407",
        "the scenario and Istio's file differ",
        "The scenario's own words win, key by key; but a rule for a service is more specific than the scenario's words for `*`.",
    ),
    code("EW408", "Istio's rules without proxies", "Sidecars obey them; without a data plane nobody does."),
    code(
        "EW409",
        "a place that the scenario does not have",
        "A region goes by the scenario's name or the last part of its `is`, a zone by its letter or as `cn-hangzhou-h`.",
    ),
];
