//! Codes of what only new connections and calls meet (docs/failures.md).

use super::{Code, code};

/// EW513 to EW518, and EW531.
pub(super) const BARRIERS: &[Code] = &[
    code(
        "EW513",
        "no certificate to expire",
        "Proxies of a mesh that encrypts have certificates, and gateways that end TLS. A gateway that passes TLS through by its name shows none.",
    ),
    code(
        "EW514",
        "a way that refuses",
        "Who is refused is answered by somebody: the host of a process that is gone. Where a link, a route or a product is down, packets vanish.",
    ),
    code(
        "EW515",
        "an expired certificate that nobody is shown",
        "A resumed session of TLS goes by its ticket. Until that is too old, nobody verifies a certificate again.",
    ),
    code("EW516", "a route that nobody takes", "What a proxy lacks is the route of calls that its service makes."),
    code(
        "EW517",
        "a route where nobody has routes",
        "Routes of requests are known to sidecars and waypoints. Without a data plane, or with ztunnels alone, connections go by addresses.",
    ),
    code(
        "EW518",
        "connections that a security group knows",
        "Whether they outlive the rule that let them in is the provider's own, and not all say.",
    ),
    code(
        "EW531",
        "an effect that nobody sees",
        "The effects of one fault come and go together. While it is down a thing is neither slow nor lossy, answers with no errors and shows no certificate.",
    ),
];
