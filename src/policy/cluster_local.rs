//! Services that a proxy sees in its own cluster only (Istio's `serviceSettings[].settings.clusterLocal`, ASM's in-cluster
//! traffic retention; `pilot/pkg/model/cluster_local.go`). There is no fallback to another cluster.

/// Hosts that are local unless the mesh says otherwise: `kube-system`, the API server, the control plane.
pub const DEFAULTS: [&str; 3] = [
    "*.kube-system.svc.cluster.local",
    "kubernetes.default.svc.cluster.local",
    "istiod.istio-system.svc.cluster.local",
];

/// Hosts and wildcards (`*.ns.svc.cluster.local`, `*`), each with whether it is local; of two alike the later one holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ClusterLocal(Vec<(String, bool)>);

impl ClusterLocal {
    /// Istio's defaults, and these settings. A host that is said not to be local takes away the default that it falls
    /// under, for all hosts of that default.
    pub fn new(settings: impl IntoIterator<Item = (String, bool)>) -> Self {
        let settings: Vec<(String, bool)> = settings.into_iter().collect();
        let kept = DEFAULTS.into_iter().filter(|default| {
            let lifts =
                |host: &str| host == *default || default.strip_prefix('*').is_some_and(|tail| host.ends_with(tail));
            !settings.iter().any(|(host, local)| !local && lifts(host))
        });
        // What is said of the very host of a default comes after it, and holds.
        let mut hosts: Vec<(String, bool)> = kept.map(|default| (default.to_owned(), true)).collect();
        hosts.retain(|(default, _)| !settings.iter().any(|(host, _)| host == default));
        hosts.extend(settings);
        ClusterLocal(hosts)
    }

    /// Is this host local? The most specific entry that matches tells: the host itself, else the longest wildcard; none: no.
    pub fn is_local(&self, host: &str) -> bool {
        let matching = self.0.iter().filter(|(pattern, _)| {
            pattern == host || pattern.strip_prefix('*').is_some_and(|tail| host.ends_with(tail))
        });
        // Of equals the last is taken.
        let rank = |pattern: &str| (!pattern.starts_with('*'), pattern.len());
        matching.max_by_key(|(pattern, _)| rank(pattern)).is_some_and(|(_, local)| *local)
    }
}
