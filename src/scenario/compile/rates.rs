//! Faults that cut capacity: which caps they mean.

use crate::fault::Scene;
use crate::scenario::Diagnostic;
use crate::scenario::file::{self, Fault};
use crate::world::{Cap, LinkId, PastCap, PathId, Target, World};

/// Of what a fault that cuts capacity hits, the caps, under the same names; none where it cuts none.
pub(super) fn caps(world: &World, scene: &Scene<Target>, fault: &Fault) -> Result<Option<Scene<Target>>, Diagnostic> {
    let Some(cut) = fault.effects.iter().find_map(|effect| match effect {
        file::Effect::Rate(cut) => Some(*cut),
        _ => None,
    }) else {
        return Ok(None);
    };
    // What nobody knows is told by whoever schedules it.
    let Ok((components, _)) = scene.components(&fault.hit_text) else { return Ok(None) };
    if fault.effects.len() > 1 {
        let wrong = Diagnostic::error("EW510", "a `rate` and something beside it").at(fault.span, "in this fault");
        return Err(wrong.help("write what else happens at that time as another fault: `rate` hits the caps alone"));
    }
    let (mut capped, mut found, mut any) = (Scene::default(), Vec::new(), false);
    for (name, targets) in components {
        capped.declare(name);
        let product = name.strip_prefix("product/").and_then(|rest| rest.split('/').next());
        for target in targets {
            any = true;
            for link in links(world, target, product) {
                let Some(cap) = world.links[link].cap else { continue };
                capped.add(name, Target::Link(link));
                found.push((link, cap));
            }
        }
    }
    let at_hit = |wrong: Diagnostic| wrong.at(fault.hit.span, "what this fault hits");
    if let Some((link, _)) = found.iter().find(|(link, cap)| shared(world, *link, cap)) {
        let text = format!("the cap of {} is shared max-min fairly, or with a flow", world.links[*link].name);
        let wrong = at_hit(Diagnostic::error("EW510", text));
        return Err(
            wrong.help("a cut of such a cap is not supported yet; `past-cap: {shape}` or `{police}` can be cut")
        );
    }
    if any && found.is_empty() {
        let wrong = at_hit(Diagnostic::error("EW509", "nothing of this has a bandwidth that could be cut"));
        return Err(wrong.help(
            "hit what states one: `product/NAME`, `eip/PRODUCT/CLUSTER`; for a way without a cap write `slow` or `loss`",
        ));
    }
    if !found.is_empty() && found.iter().all(|(_, cap)| cut.share_of(cap.rate) >= 1.0) {
        let most = found.iter().map(|(_, cap)| cap.rate.0).max().unwrap_or(0) as f64 / 1e6;
        let wrong =
            at_hit(Diagnostic::error("EW509", format!("this `rate` cuts nothing: no cap there is above {most} Mbps")));
        return Err(wrong.help("write less, or a share such as `30%`"));
    }
    Ok(Some(capped))
}

/// Links that a target means; of a product's ways those that are its own.
fn links(world: &World, target: Target, product: Option<&str>) -> Vec<LinkId> {
    let own = |link: &LinkId| {
        let name = &world.links[*link].name;
        product.is_none_or(|product| name.strip_prefix(product).is_some_and(|rest| rest.starts_with(": ")))
    };
    let of_path = |path: PathId| {
        let way = &world.paths[path];
        way.links.iter().chain(&way.back_links).copied().filter(own).collect()
    };
    match target {
        Target::Link(link) => vec![link],
        Target::Path(path) => of_path(path),
        _ => Vec::new(),
    }
}

fn shared(world: &World, link: LinkId, cap: &Cap) -> bool {
    matches!(cap.past, PastCap::Fair { .. }) || world.flows_over(link).next().is_some()
}
