//! `mesh.control-plane` and `mesh.readiness`.

use super::fields::{Decoder, Fields};
use super::mesh::positive;
use crate::policy::readiness::{NODE_GRACE, PUSH, PUSH_MAX, READINESS, Readiness};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{ControlKind, ControlPlane, Edition, Route, Topology};
use crate::scenario::span::{Span, Spanned};
use crate::scenario::vocabulary as words;

impl Decoder {
    /// Who tells proxies of endpoints.
    pub(super) fn control_plane(&mut self, mesh: &Fields<'_>, topology: &Topology) -> Option<ControlPlane> {
        let entry = mesh.entry("control-plane");
        let probe = mesh.entry("readiness");
        let readiness = self.readiness(mesh);
        let Some(entry) = entry else {
            if let Some(probe) = probe {
                let nobody = Diagnostic::error("EW380", "`readiness` without a `control-plane`: nobody is told of it");
                self.say(nobody.at(probe.key, "").help("write `control-plane: {kind: multi-primary}` beside it"));
            }
            return None;
        };
        let map = self.open(Some(&entry.node), &words::CONTROL_PLANE, mesh.path_of("control-plane"), entry.key)?;
        let kind = map.word(self, "kind");
        let (cluster, region) = (map.text(self, "cluster"), map.text(self, "region"));
        let push = map.read(self, "push", positive).map_or(PUSH, |push| push.value);
        let push_max = map.read(self, "push-max", positive).map_or(PUSH_MAX, |push| push.value);
        let node_grace = map.read(self, "node-grace", positive).map_or(NODE_GRACE, |grace| grace.value);
        let edition = map.said(self, "edition").and_then(|said| {
            let word = self.word(&said.node, map.shape("edition"))?;
            Some(Spanned::new([Edition::Standard, Edition::Enterprise, Edition::Ultimate][word], said.node.span))
        });
        let replicas = map.count32(self, "replicas").map_or(1, |count| count.value);
        let cpu = map.number(self, "cpu").map(|cpu| cpu.value);
        // As a route that no call takes.
        let via = map.text(self, "via").map(|via| Route { span: via.span, from: None, to: None, via, behind: None });
        for key in ["edition", "replicas", "cpu"] {
            // A provider's own machines are its own; a cluster's have no edition.
            if let Some(entry) = map.entry(key).filter(|_| kind.is_some_and(|kind| (kind == 2) != (key == "edition"))) {
                let whose = if key == "edition" { "a `managed` control plane has" } else { "a cluster's istiod has" };
                let wrong = Diagnostic::error("EW381", format!("only {whose} `{key}`")).at(entry.key, "");
                self.say(wrong.help("remove it"));
            }
        }
        map.close();
        let needs =
            |decoder: &mut Decoder, what: &str, at: Span| {
                let text = format!("this kind of control plane stands in a {what}, and only there");
                decoder.say(Diagnostic::error("EW381", text).at(at, "").help(
                    "`multi-primary` alone, `{kind: primary-remote, cluster: C}` or `{kind: managed, region: R}`",
                ));
            };
        let kind = match (kind?, cluster, region) {
            (0, None, None) => ControlKind::MultiPrimary,
            (1, Some(cluster), None) => {
                let names = topology.clusters.keys().map(String::as_str);
                self.known("cluster", &cluster.value, cluster.span, names).then_some(())?;
                ControlKind::PrimaryRemote(cluster)
            }
            (2, None, Some(region)) => {
                let names = topology.regions.keys().map(String::as_str);
                self.known("region", &region.value, region.span, names).then_some(())?;
                ControlKind::Managed(region)
            }
            (kind, ..) => {
                needs(self, ["cluster each", "`cluster`", "`region`"][kind], entry.key);
                return None;
            }
        };
        Some(ControlPlane { span: entry.key, kind, push, push_max, node_grace, readiness, edition, replicas, via, cpu })
    }

    fn readiness(&mut self, mesh: &Fields<'_>) -> Readiness {
        let entry = mesh.entry("readiness");
        let Some(entry) = entry else { return READINESS };
        let path = mesh.path_of("readiness");
        let Some(map) = self.open(Some(&entry.node), &words::READINESS, path, entry.key) else { return READINESS };
        let readiness = Readiness {
            period: map.read(self, "period", positive).map_or(READINESS.period, |period| period.value),
            timeout: map.read(self, "timeout", positive).map_or(READINESS.timeout, |timeout| timeout.value),
            failures: map.count32(self, "failures").map_or(READINESS.failures, |count| count.value),
            success: map.count32(self, "success").map_or(READINESS.success, |count| count.value),
        };
        map.close();
        readiness
    }
}
