//! Outages: something is down from one instant to another. What can be down, and how its peers notice by default.

use super::Manner;

/// A kind of domain, and how its peers notice an outage where the scenario does not say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kind {
    /// The word before the first `/` of a `hit`.
    pub word: &'static str,
    /// How it is written.
    pub form: &'static str,
    /// By default. Silent where the network or the machine dies with its host: then nobody is left to send a reset. A
    /// process that dies leaves a host that answers for it.
    pub manner: Manner,
}

/// Every kind of domain that an outage may hit.
pub const KINDS: [Kind; 21] = [
    Kind { word: "region", form: "region/REGION", manner: Manner::Silent },
    Kind { word: "zone", form: "zone/REGION/ZONE", manner: Manner::Silent },
    Kind { word: "cluster", form: "cluster/CLUSTER", manner: Manner::Silent },
    Kind { word: "vpc", form: "vpc/VPC", manner: Manner::Silent },
    Kind { word: "link", form: "link/REGION-REGION, link/internet/REGION-REGION or link/NAME", manner: Manner::Silent },
    Kind { word: "product", form: "product/NAME or product/NAME/zone/ZONE", manner: Manner::Silent },
    Kind { word: "transit-router", form: "transit-router/PRODUCT/REGION", manner: Manner::Silent },
    Kind { word: "gateway", form: "gateway/PRODUCT/CLUSTER, with #NUMBER for one replica", manner: Manner::Silent },
    Kind { word: "eip", form: "eip/PRODUCT/CLUSTER", manner: Manner::Silent },
    Kind { word: "nat", form: "nat/PRODUCT/VPC", manner: Manner::Silent },
    Kind { word: "nlb", form: "nlb/PRODUCT/CLUSTER/ZONE", manner: Manner::Silent },
    Kind { word: "attachment", form: "attachment/PRODUCT/VPC/ZONE", manner: Manner::Silent },
    Kind { word: "endpoint", form: "endpoint/PRODUCT/ZONE", manner: Manner::Silent },
    Kind { word: "service", form: "service/SERVICE or service/SERVICE@CLUSTER", manner: Manner::Refused },
    Kind { word: "replica", form: "replica/SERVICE@CLUSTER#NUMBER", manner: Manner::Refused },
    Kind { word: "control-plane", form: "control-plane or control-plane/NAME", manner: Manner::Silent },
    Kind { word: "api", form: "api/CLUSTER", manner: Manner::Silent },
    Kind { word: "cache", form: "cache/SERVICE", manner: Manner::Silent },
    Kind { word: "store", form: "store/NAME or store/NAME@CLUSTER", manner: Manner::Silent },
    Kind { word: "entry", form: "entry/NAME", manner: Manner::Silent },
    Kind { word: "dns", form: "dns, or dns/NAME of an entry that is a name", manner: Manner::Silent },
];
