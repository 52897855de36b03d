//! What was used of one thing, as a meter tells it, and how many units of the price that is.

use super::{Exact, Period, Tariff};

/// Hours in a month of a bill: 365 days / 12.
pub const MONTH_HOURS: i128 = 730;

/// A month's use of one thing.
#[derive(Clone, PartialEq, Debug)]
pub enum Quantity {
    /// Bytes on the wire, for prices per gigabyte.
    Bytes(Exact),
    /// Things that were held, for prices per hour; each is rounded up by itself where the tariff says so.
    Held(Vec<Held>),
    /// What went through something that is sold in capacity units, hour by hour.
    Capacity(Vec<CapacityHour>),
    /// Bandwidth bought for the month, Mbit/s.
    Bandwidth(Exact),
    /// Bandwidth paid by the highest of each day, Mbit/s.
    Days(Vec<Day>),
    /// Units of the price as they are: a meter that speaks the invoice's language.
    Units(Exact),
}

/// So many things for so many hours.
#[derive(Clone, PartialEq, Debug)]
pub struct Held {
    /// Units of the price: attachments, vCPUs.
    pub units: Exact,
    /// How long.
    pub hours: Exact,
}

/// An hour, or a share of one, or several that are alike, of what capacity units are counted by.
#[derive(Clone, PartialEq, Debug)]
pub struct CapacityHour {
    /// How many hours of the month it stands for; its figures are those of all of them together.
    pub hours: Exact,
    /// New connections in these hours.
    pub new: Exact,
    /// Connections open at any time of them.
    pub open: Exact,
    /// Bytes in these hours.
    pub bytes: Exact,
}

/// A day of bandwidth.
#[derive(Clone, PartialEq, Debug)]
pub struct Day {
    /// The highest of the day, Mbit/s.
    pub mbps: Exact,
    /// Hours of it in which there was any.
    pub hours: Exact,
    /// How many days are like it.
    pub times: Exact,
}

impl Quantity {
    /// So many things for the whole month.
    pub fn month_of(things: Exact) -> Quantity {
        Quantity::Held(vec![Held { units: things, hours: Exact::whole(MONTH_HOURS) }])
    }

    /// Bandwidth that stays as it is for the whole month, paid by the day: 30 10/24 days.
    pub fn steady_days(mbps: Exact) -> Quantity {
        Quantity::Days(vec![Day { mbps, hours: Exact::whole(24), times: Exact::ratio(MONTH_HOURS, 24) }])
    }

    /// Bandwidth by hour of the month, hour 0 first: each day of 24 hours pays its highest for the hours in which there
    /// was any.
    pub fn days_of(mbps_by_hour: &[Exact]) -> Quantity {
        let day = |hours: &[Exact]| Day {
            mbps: hours.iter().cloned().fold(Exact::ZERO(), Exact::max),
            hours: Exact::whole(hours.iter().filter(|mbps| mbps.is_positive()).count() as i128),
            times: Exact::whole(1),
        };
        Quantity::Days(mbps_by_hour.chunks(24).map(day).filter(|day| day.mbps.is_positive()).collect())
    }

    /// How many units of the tariff's price this is: rounded up by its period, at least its minimum; before allowances.
    pub fn units(&self, tariff: &Tariff) -> Exact {
        let units = match self {
            Quantity::Bytes(bytes) => bytes.over(&Exact::whole(tariff.gigabyte)),
            Quantity::Held(held) => held.iter().map(|held| &held.units * &metered(tariff.period, &held.hours)).sum(),
            Quantity::Capacity(hours) => hours.iter().map(|hour| capacity(tariff, hour)).sum(),
            Quantity::Bandwidth(mbps) | Quantity::Units(mbps) => mbps.clone(),
            Quantity::Days(days) => days.iter().map(|day| &whole_mbps(&day.mbps) * &day.parts()).sum(),
        };
        match &tariff.minimum {
            Some(minimum) if units.is_positive() => units.max(minimum.clone()),
            _ => units,
        }
    }
}

impl Day {
    /// How many days it is in all: a day held for some hours costs that many twenty-fourths.
    pub(super) fn parts(&self) -> Exact {
        (&self.hours * &self.times).over(&Exact::whole(24))
    }
}

/// Bandwidth is sold in whole Mbit/s.
pub(super) fn whole_mbps(mbps: &Exact) -> Exact {
    mbps.ceil()
}

/// Hours as they are metered.
fn metered(period: Period, hours: &Exact) -> Exact {
    match period {
        Period::Hour => hours.ceil(),
        Period::Second => (hours * &Exact::whole(3600)).ceil().over(&Exact::whole(3600)),
        Period::Month if hours.is_positive() => hours.clone().max(Exact::whole(MONTH_HOURS)),
        Period::Exact | Period::DayMaximum | Period::Month => hours.clone(),
    }
}

/// Unit-hours of these hours: the greatest of the dimensions.
fn capacity(tariff: &Tariff, hour: &CapacityHour) -> Exact {
    let Some(size) = &tariff.capacity else { return Exact::ZERO() };
    let share = |used: Exact, unit: &Exact| if unit.is_zero() { Exact::ZERO() } else { used.over(unit) };
    // `new / 3600 / unit` is the mean number of units over these hours times the hours.
    let by_new = share(hour.new.over(&Exact::whole(3600)), &size.new_per_second);
    let by_open = share(&hour.open * &hour.hours, &size.open);
    let by_bytes = share(hour.bytes.over(&Exact::whole(tariff.gigabyte)), &size.gigabytes_per_hour);
    by_new.max(by_open).max(by_bytes)
}
