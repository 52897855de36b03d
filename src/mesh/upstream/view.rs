//! A host set as everybody sees it who has seen nobody fail; and lists of hosts, by priority and locality.

use crate::policy::priority::{self, LEVELS, Level, PriorityLoad};
use crate::world::{Among, Health, Host, HostSet};

/// What of a host set is the same for all.
#[derive(Debug)]
pub(in crate::mesh) struct View {
    /// All hosts.
    pub(super) all: Lists,
    /// What a fresh proxy makes of them.
    pub(super) seen: Seen,
    /// Localities of the priorities, one priority after the other; one for each where nothing is chosen by locality.
    pub(super) cells: Vec<Cell>,
    /// By priority: where its cells begin; and where the last one's end.
    first: Vec<u32>,
    /// By priority: where its hosts end.
    ends: Vec<u32>,
    /// By host.
    pub(super) weights: Vec<u32>,
    /// By host, where any is not well.
    pub(super) health: Vec<Health>,
    /// One list of equals that are well.
    pub(super) plain: bool,
    /// Localities have a say.
    pub(super) by_locality: bool,
    /// Nothing but turns of localities, each of them a list of equals that are well.
    pub(super) in_turns: bool,
}

/// A priority's hosts in one locality.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub(super) priority: u8,
    /// Row of `HostSet::localities`.
    pub(super) locality: u16,
}

/// Hosts by cell.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Lists {
    hosts: Vec<u16>,
    /// By cell: where it ends.
    ends: Vec<u32>,
}

/// Who is chosen among, and how much of the load each priority has.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) healthy: Lists,
    pub(super) degraded: Lists,
    pub(super) load: PriorityLoad,
}

impl View {
    pub(in crate::mesh) fn new(set: &HostSet) -> Self {
        let hosts = &set.hosts;
        assert!(hosts.len() < usize::from(u16::MAX), "a host set has fewer than 65,535 hosts");
        let priorities = hosts.last().map_or(0, |host| host.priority + 1);
        let end = |priority| hosts.partition_point(|host| host.priority <= priority) as u32;
        let by_locality = set.is_by_locality();
        let row = |host: &Host| if by_locality { host.locality } else { 0 };
        let (mut cells, mut first, mut all) = (Vec::new(), vec![0], Lists::default());
        let mut start = 0;
        for priority in 0..priorities {
            let stop = end(priority) as usize;
            let of_priority = || hosts.iter().enumerate().take(stop).skip(start);
            let mut localities: Vec<u16> = of_priority().map(|(_, host)| row(host)).collect();
            localities.sort_unstable();
            localities.dedup();
            for locality in localities {
                let mine = of_priority().filter(|(_, host)| row(host) == locality);
                all.hosts.extend(mine.map(|(index, _)| index as u16));
                all.ends.push(all.hosts.len() as u32);
                cells.push(Cell { priority, locality });
            }
            first.push(cells.len() as u32);
            start = stop;
        }
        let health: Vec<Health> = if set.health.iter().all(|health| *health == Health::Healthy) {
            Vec::new()
        } else {
            assert!(set.health.len() == hosts.len(), "each host has a health");
            set.health.to_vec()
        };
        let equal = hosts.iter().all(|host| host.weight == hosts[0].weight);
        let mut view = View {
            plain: equal && !by_locality && priorities == 1 && health.is_empty(),
            in_turns: set.among == Among::WeightedLocalities && priorities == 1 && health.is_empty() && {
                let weight = |host: &u16| hosts[usize::from(*host)].weight;
                (0..cells.len())
                    .map(|cell| all.cell(cell))
                    .all(|list| list.iter().all(|host| weight(host) == weight(&list[0])))
            },
            weights: hosts.iter().map(|host| host.weight).collect(),
            ends: (0..priorities).map(end).collect(),
            seen: Seen::default(),
            all,
            cells,
            first,
            health,
            by_locality,
        };
        view.seen = Seen { healthy: view.all.clone(), degraded: view.none(), load: PriorityLoad::default() };
        if !hosts.is_empty() {
            // Where nobody has failed, no level is short of hosts: neither the threshold nor the factor has a say.
            let levels = view.levels(&view.seen, &view.all, |_| false);
            priority::loads_of(&levels[..view.priorities()], 100, 0, &mut view.seen.load);
        }
        view
    }

    pub(super) fn priorities(&self) -> usize {
        self.ends.len()
    }

    /// The priority of a host.
    pub(in crate::mesh) fn priority_of(&self, host: u16) -> usize {
        self.ends.partition_point(|&end| end <= u32::from(host))
    }

    /// The cells of a priority.
    pub(super) fn cells_of(&self, priority: usize) -> std::ops::Range<usize> {
        self.first[priority] as usize..self.first[priority + 1] as usize
    }

    pub(super) fn health_of(&self, host: usize) -> Health {
        self.health.get(host).copied().unwrap_or_default()
    }

    /// Those of all hosts.
    pub(super) fn gather(&self, is_in: impl Fn(usize) -> bool) -> Lists {
        let mut lists = Lists::default();
        for cell in 0..self.cells.len() {
            lists.hosts.extend(self.all.cell(cell).iter().filter(|&&host| is_in(usize::from(host))));
            lists.ends.push(lists.hosts.len() as u32);
        }
        lists
    }

    /// Lists with nobody in them.
    pub(super) fn none(&self) -> Lists {
        Lists { hosts: Vec::new(), ends: vec![0; self.cells.len()] }
    }

    /// How many hosts each priority has, by what is believed of them; `gone` are those that are not there.
    pub(super) fn levels(&self, seen: &Seen, all: &Lists, gone: impl Fn(usize) -> bool) -> [Level; LEVELS] {
        let mut levels = [Level::default(); LEVELS];
        for (priority, level) in levels.iter_mut().enumerate().take(self.priorities()) {
            let cells = || self.cells_of(priority);
            let total = all.of(cells()).len() as u32;
            let (healthy, degraded) = (seen.healthy.of(cells()).len() as u32, seen.degraded.of(cells()).len() as u32);
            let excluded = self.excluded(cells(), &gone);
            *level = Level { total, healthy, degraded, excluded };
        }
        levels
    }

    /// Hosts of these cells that are there and do not count.
    pub(super) fn excluded(&self, cells: std::ops::Range<usize>, gone: impl Fn(usize) -> bool) -> u32 {
        if self.health.is_empty() {
            return 0;
        }
        let waits = |host: &&u16| {
            let host = usize::from(**host);
            self.health[host] == Health::Excluded && !gone(host)
        };
        self.all.of(cells).iter().filter(waits).count() as u32
    }
}

impl Lists {
    /// The hosts of neighbouring cells.
    pub(super) fn of(&self, cells: std::ops::Range<usize>) -> &[u16] {
        let start = if cells.start == 0 { 0 } else { self.ends[cells.start - 1] as usize };
        let end = if cells.end == 0 { 0 } else { self.ends[cells.end - 1] as usize };
        &self.hosts[start..end]
    }

    /// The hosts of a cell.
    pub(super) fn cell(&self, cell: usize) -> &[u16] {
        self.of(cell..cell + 1)
    }

    pub(super) fn len(&self) -> usize {
        self.hosts.len()
    }
}
