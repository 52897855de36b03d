//! What the minutes of a long-run answer leave out: writes that were acknowledged and that a promotion loses.

use crate::world::{Database, World};

/// For the first sentence: databases that may lose what they have acknowledged, and the variants in which they may.
pub(super) fn apart<'w>(worlds: impl Iterator<Item = (&'w str, &'w World)>) -> String {
    let all: Vec<(&str, &World)> = worlds.collect();
    let may = |world: &World| -> Vec<String> {
        let promoted =
            |database: &&Database| database.lag.is_some() && (database.after.is_some() || !world.actions.is_empty());
        world.databases.rows().iter().filter(promoted).map(|database| database.name.clone()).collect()
    };
    let losing: Vec<&str> = all.iter().filter(|(_, world)| !may(world).is_empty()).map(|(name, _)| *name).collect();
    let mut stores: Vec<String> = all.iter().flat_map(|(_, world)| may(world)).collect();
    stores.sort_unstable();
    stores.dedup();
    said(&stores.join(", "), &losing, all.len())
}

fn said(stores: &str, losing: &[&str], of: usize) -> String {
    let where_to = if losing.len() == of { String::new() } else { format!(" in {}", losing.join(", ")) };
    if losing.is_empty() {
        return String::new();
    }
    format!(
        "; acknowledged writes that promotions of {stores} lose{where_to} count as answered, and are not in these minutes"
    )
}

#[cfg(test)]
mod tests {
    use super::said;

    #[test]
    fn what_the_minutes_leave_out_is_said_of_those_who_may_lose_it() {
        assert_eq!(said("", &[], 2), "");
        assert_eq!(
            said("orders-db", &["split"], 2),
            "; acknowledged writes that promotions of orders-db lose in split count as answered, and are not in these minutes"
        );
        assert_eq!(
            said("orders-db", &["a", "b"], 2),
            "; acknowledged writes that promotions of orders-db lose count as answered, and are not in these minutes"
        );
    }
}
