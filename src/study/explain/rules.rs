//! Where rules lead the calls of an edge: one sentence for each route, with who takes it and the share of each destination.

use std::collections::BTreeSet;

use crate::units::significant;
use crate::world::{Action, Caller, Destination, Edge, EdgeId, HeaderValue, Route, RouteId, RouteTable, World};

/// Callers, operations or headers that are named before the others are counted.
const NAMED: usize = 4;

/// What rules do with calls of this edge; nothing where there are none.
pub(super) fn sentences(world: &World, id: EdgeId) -> Vec<String> {
    let edge = &world.edges[id];
    let Some(table) = world.routing.tables.get(edge.routing) else { return Vec::new() };
    let mut routes: Vec<RouteId> = Vec::new();
    for &route in &table.rows {
        if !routes.contains(&route) {
            routes.push(route);
        }
    }
    let told = routes.into_iter().map(|route| {
        let who = who(world, edge, table, route);
        match world.routing.routes.get(route) {
            None => format!("no rule: {who} are answered 404"),
            Some(row) => format!("rule {}: {who} {}", row.name, what(world, row)),
        }
    });
    told.collect()
}

/// Edges that calls are sent over: those without rules, and those that rules lead to. What rules replace is not among them.
pub(super) fn taken(world: &World) -> BTreeSet<EdgeId> {
    let mut taken = BTreeSet::new();
    for (id, edge) in world.edges.iter() {
        match world.routing.tables.get(edge.routing) {
            Some(table) => {
                let routes = table.rows.iter().filter_map(|&route| world.routing.routes.get(route));
                taken.extend(routes.flat_map(Route::edges));
            }
            None if edge.of.is_none() => {
                taken.insert(id);
            }
            None => {}
        }
    }
    taken
}

/// Which calls take a route.
fn who(world: &World, edge: &Edge, table: &RouteTable, route: RouteId) -> String {
    let versions = match edge.from {
        Caller::Service(from) => &world.services[from].versions[..],
        Caller::Stream(_) => &[],
    };
    let operations = &world.services[edge.to].operations;
    let mut found: [BTreeSet<usize>; 3] = Default::default();
    let count = |stride: u32, of: usize| if stride > 0 { of } else { 1 };
    let contexts = world.routing.contexts.len().max(1);
    for version in 0..count(table.by_version, versions.len()) {
        for operation in 0..count(table.by_operation, operations.len()) {
            for context in 0..count(table.by_context, contexts) {
                if table.row(version as u16, operation as u32, context as u16) == route {
                    found[0].insert(version);
                    found[1].insert(operation);
                    found[2].insert(context);
                }
            }
        }
    }
    let carried = |context: &usize| {
        let headers = world.routing.contexts.get(*context).into_iter().flat_map(|context| &context.headers);
        let headers: Vec<String> = headers
            .map(|(header, value)| {
                let (HeaderValue::Text(text) | HeaderValue::Drawn(text)) = value;
                format!("{}: {text}", world.routing.headers[*header])
            })
            .collect();
        if headers.is_empty() { "without such headers".to_owned() } else { format!("with {}", headers.join(" and ")) }
    };
    let mut parts = Vec::new();
    if table.by_version > 0 && found[0].len() < versions.len() {
        parts.push(listed(found[0].iter().map(|at| format!("from {}", versions[*at].name)).collect()));
    }
    if table.by_operation > 0 && found[1].len() < operations.len() {
        let name = |at: &usize| format!("of {}", world.operations[operations[*at]].name);
        parts.push(listed(found[1].iter().map(name).collect()));
    }
    if table.by_context > 0 && found[2].len() < contexts {
        parts.push(listed(found[2].iter().map(carried).collect()));
    }
    if parts.is_empty() { "all calls".to_owned() } else { format!("calls {}", parts.join(", ")) }
}

fn listed(mut names: Vec<String>) -> String {
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let said = names.join(" or ");
    if more > 0 { format!("{said} or {more} more") } else { said }
}

/// What becomes of them.
fn what(world: &World, route: &Route) -> String {
    let name = |to: &Destination| match world.edges.get(to.edge) {
        Some(edge) => edge.name.split_once(" -> ").map_or(edge.name.as_str(), |(_, to)| to).to_owned(),
        None => "a subset that there is not (503)".to_owned(),
    };
    let mut said = match &route.action {
        Action::Respond(status) => format!("are answered {status} by the client's proxy"),
        Action::Send(to) => {
            let mut below = 0.0;
            let shares = to.iter().map(|to| {
                let share = to.below - below;
                below = to.below;
                format!("{} % to {}", significant(share * 100.0, 3), name(to))
            });
            format!("go {}", shares.collect::<Vec<_>>().join(", "))
        }
    };
    for mirror in &route.mirrors {
        said += &format!("; copies of {} % to {}", significant(mirror.share.get() * 100.0, 3), name(&mirror.to));
    }
    said
}
