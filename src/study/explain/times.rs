//! When a fault comes, in words.

use crate::units::{Duration, significant};
use crate::world::{FaultId, Weather, When, World};

/// `60 s for 30 s`; or what it is drawn by.
pub(super) fn when(world: &World, id: FaultId) -> String {
    let weather = world.weather.iter().find(|weather| weather.fault == id);
    let spans = &world.faults[id].spans;
    let mut words = match weather.map(|weather| &weather.when) {
        Some(When::Drawn { renewal, common }) => {
            let [up, down] = [&renewal.up, &renewal.down].map(|law| Duration::from_seconds_f64(law.mean()));
            let shared = common.map_or_else(String::new, |common| {
                let with =
                    if common.with < 1.0 { format!(", each with {}", percent(common.with)) } else { String::new() };
                format!(", {} of them shared{with}", percent(common.share))
            });
            let each = weather.map_or(0, |weather| weather.components.len());
            let each = if each > 1 { format!(" each of {each}") } else { String::new() };
            format!("by chance{each}: up {up}, down {down} in the mean{shared}")
        }
        _ => match spans[..] {
            [] => "not within the run".to_owned(),
            [(from, to), ref more @ ..] => {
                let again = match more.len() {
                    0 => String::new(),
                    1 => ", and once more".to_owned(),
                    count => format!(", and {count} times more"),
                };
                format!("{} for {}{again}", after(from), Duration::from_nanos((to - from).cast_unsigned()))
            }
        },
    };
    if let Some(flap) = weather.and_then(|weather: &Weather| weather.flap) {
        words.push_str(&format!(", {} on, {} off", flap.down, flap.up));
    }
    words
}

/// An instant from t = 0.
fn after(at: i64) -> String {
    let span = Duration::from_nanos(at.unsigned_abs());
    if at < 0 { format!("{span} before the run") } else { span.to_string() }
}

fn percent(share: f64) -> String {
    format!("{} %", significant(100.0 * share, 3))
}
