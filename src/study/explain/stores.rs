//! Where writes go, and what becomes of them when their primary is lost.

use crate::units::{Duration, significant};
use crate::world::{Database, World};

/// A sentence for each database with a primary.
pub(super) fn sentences(world: &World) -> Vec<String> {
    world.databases.rows().iter().map(|database| sentence(world, database)).collect()
}

fn sentence(world: &World, database: &Database) -> String {
    let clusters: Vec<&str> = database.copies.iter().map(|&copy| world.clusters[copy].as_str()).collect();
    let (primary, replicas) = clusters.split_first().expect("a database has a primary");
    let writers: Vec<&str> = database.writes.iter().map(|&id| world.operations[id].name.as_str()).collect();
    let (name, writers, replicas) = (&database.name, writers.join(", "), replicas.join(", then "));
    let takes = database.takes;
    let back = Duration::from_nanos(database.after.unwrap_or_default().nanos() + takes.nanos());
    let follows = match database.after {
        Some(after) => format!(
            "missed for {after}, it is followed by {replicas}, which takes writes {takes} later: RTO {back} and the wait for a \
             write"
        ),
        None => format!("nobody takes its place but by an operator's action; {replicas} would need {takes}"),
    };
    let lost = match &database.lag {
        Some(lag) => {
            let seconds = significant(lag.mean(), 3);
            let cut = match (database.fence, database.after) {
                (true, Some(after)) => format!("the {after} until its fence"),
                (true, None) => "what it takes until the action".to_owned(),
                (false, _) => "all that it takes until it hears of the new one".to_owned(),
            };
            format!(
                "a replica is {seconds} s behind in the mean: RPO {seconds} s where it dies, and {cut} where it is cut off"
            )
        }
        None => {
            "a write is acknowledged once a replica has it: RPO 0, and no write where no replica is heard".to_owned()
        }
    };
    format!("{name}: writes of {writers} go to {primary}; {follows}; {lost}")
}
