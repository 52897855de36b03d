//! Who sees which hosts behind an edge, healthy and while those of a zone or a region fail.

use super::explain::head;
use super::table::Grid;
use crate::record::{ClientView, Leavings};
use crate::report::number::Unit;

/// Who sees which hosts.
pub(super) fn hosts(clients: &[ClientView]) -> Grid {
    let mut rows = Vec::new();
    for client in clients {
        for (index, group) in client.groups.iter().enumerate() {
            rows.push(vec![
                if index == 0 { client.place.clone() } else { String::new() },
                group.priority.to_string(),
                group.at.clone(),
                group.region.clone(),
                group.hosts.to_string(),
                group.replicas.to_string(),
                Unit::Share.amount(group.share, None),
            ]);
        }
    }
    let head = head(&["a client in", "priority", "sees", "in", "hosts", "replicas", "share of calls"]);
    Grid { head, rows, figures: vec![1, 4, 5, 6] }
}

/// Where first tries go while all hosts of a zone or a region fail; none where they stand in one zone.
pub(super) fn deaths(clients: &[ClientView]) -> Option<Grid> {
    let deaths = &clients.first().filter(|client| !client.deaths.is_empty())?.deaths;
    let mut rows: Vec<Vec<String>> = Vec::new();
    for client in clients {
        let row = |first: bool, to: &str, share: &dyn Fn(&Leavings) -> f64| {
            let mut row = vec![if first { client.place.clone() } else { String::new() }, to.to_owned()];
            row.extend(client.deaths.iter().map(|death| Unit::Share.amount(share(&death.left), None)));
            row
        };
        for (index, group) in client.groups.iter().enumerate() {
            rows.push(row(index == 0, &group.at, &|left| left.shares.get(index).copied().unwrap_or(0.0)));
        }
        let fails = |left: &Leavings| left.to_dead + left.to_nobody;
        if client.deaths.iter().any(|death| fails(&death.left) > 1e-9) {
            rows.push(row(false, "fails", &fails));
        }
    }
    let mut titles = head(&["a client in", "share to"]);
    titles.extend(deaths.iter().map(|death| death.dead.clone()));
    let figures = (2..titles.len()).collect();
    Some(Grid { head: titles, rows, figures })
}

/// What a control plane changes about that, where it changes anything: one sentence for each client and death.
pub(super) fn once_told(clients: &[ClientView]) -> Vec<String> {
    let mut said = Vec::new();
    for client in clients {
        for death in &client.deaths {
            let Some(told) = &death.once_told else { continue };
            let shares = client.groups.iter().zip(&told.shares).filter(|(_, share)| **share > 1e-9);
            let mut parts: Vec<String> =
                shares.map(|(group, share)| format!("{} {}", Unit::Share.amount(*share, None), group.at)).collect();
            let fails = told.to_dead + told.to_nobody;
            if fails > 1e-9 {
                parts.push(format!("{} fails", Unit::Share.amount(fails, None)));
            }
            let same = told.shares.iter().zip(&death.left.shares).all(|(told, left)| (told - left).abs() < 1e-9);
            if !same {
                said.push(format!(
                    "{} dead, once the control plane has told {}: {}",
                    death.dead,
                    client.place,
                    parts.join(", ")
                ));
            }
        }
    }
    said
}
