//! Queues whose customers give up: M/M/c+M, also known as Erlang A.
//!
//! Palm (1957); Garnett, Mandelbaum and Reiman, "Designing a call center with impatient customers" (2002). The number in
//! the system is a birth and death process, so that its stationary law is a sum over states.

/// Poisson arrivals, exponential service at several servers, first come, first served, and exponential patience in the
/// queue. Rates are per unit of time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ErlangA {
    /// Servers.
    pub servers: u32,
    /// Arrivals.
    pub arrivals: f64,
    /// Services of a busy server.
    pub services: f64,
    /// Customers that give up, for each that waits: one over the mean patience. Zero: nobody does, which is M/M/c.
    pub impatience: f64,
}

/// What such a queue does in the long run.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Stationary {
    /// Chance that a customer finds all servers busy.
    pub waits: f64,
    /// Chance that a customer gives up.
    pub abandons: f64,
    /// Mean number of those who wait.
    pub queue: f64,
    /// Mean number of busy servers.
    pub busy: f64,
    /// Mean wait of all customers, those who give up and those who need not wait included.
    pub wait: f64,
}

impl ErlangA {
    /// Of the last states, all together less than this share is left out.
    const LEFT_OUT: f64 = 1e-17;

    /// A queue so many standard deviations long on average is never empty: less than 1e-300 of the time.
    const NEVER_EMPTY: f64 = 40.0;

    /// The stationary figures; none where the queue grows without end. Nobody waits at all where `impatience` is infinite, which
    /// is M/M/c/c: who finds all servers busy gives up.
    pub fn stationary(&self) -> Option<Stationary> {
        let ErlangA { servers, arrivals, services, impatience } = *self;
        let capacity = f64::from(servers) * services;
        if arrivals <= 0.0 {
            let waits = if servers == 0 { 1.0 } else { 0.0 };
            return Some(Stationary { waits, abandons: 0.0, queue: 0.0, busy: 0.0, wait: 0.0 });
        }
        if impatience <= 0.0 && arrivals >= capacity {
            return None;
        }
        let over = arrivals - capacity;
        if impatience.is_finite() && over > Self::NEVER_EMPTY * libm::sqrt(arrivals * impatience) {
            // Mean over - capacity, variance arrivals / impatience: far above zero, all servers always work.
            let (queue, abandons) = (over / impatience, over / arrivals);
            return Some(Stationary { waits: 1.0, abandons, queue, busy: f64::from(servers), wait: queue / arrivals });
        }
        let leaves = |state: f64| {
            let queue = (state - f64::from(servers)).max(0.0);
            let impatient = if queue > 0.0 { queue * impatience } else { 0.0 };
            (state - queue) * services + impatient
        };
        // From the likeliest state both ways: all ratios are at most one, and nothing overflows.
        let likeliest = match () {
            () if arrivals < capacity => (arrivals / services).floor(),
            () if impatience > 0.0 => f64::from(servers) + ((arrivals - capacity) / impatience).floor(),
            () => f64::from(servers),
        };
        let mut sums = Sums::new(f64::from(servers));
        sums.add(likeliest, 1.0);
        let (mut state, mut weight) = (likeliest, 1.0);
        while state > 0.0 {
            let ratio = leaves(state) / arrivals;
            weight *= ratio;
            state -= 1.0;
            sums.add(state, weight);
            // Ratios fall from here on too. What is left out must not matter to those who wait or are busy either.
            if ratio < 1.0
                && weight * ratio / (1.0 - ratio) * (state + 1.0) < Self::LEFT_OUT * Self::LEFT_OUT * sums.all
            {
                break;
            }
        }
        (state, weight) = (likeliest, 1.0);
        loop {
            let ratio = arrivals / leaves(state + 1.0);
            weight *= ratio;
            state += 1.0;
            sums.add(state, weight);
            // Ratios fall from here on: the rest is less than a geometric series, of the number waiting too.
            let rest = weight * ratio / (1.0 - ratio).max(f64::MIN_POSITIVE);
            let rest = rest * (state + 1.0 / (1.0 - ratio));
            // Against those who wait, however few they are.
            if weight == 0.0 || (state > sums.servers && ratio < 1.0 && rest < Self::LEFT_OUT * sums.queue) {
                break;
            }
        }
        let queue = sums.queue / sums.all;
        let waits = sums.waits / sums.all;
        let abandons = if impatience.is_infinite() { waits } else { impatience * queue / arrivals };
        let wait = queue / arrivals;
        Some(Stationary { waits, abandons, queue, busy: sums.busy / sums.all, wait })
    }
}

/// Weights of states, not yet divided by their sum.
struct Sums {
    servers: f64,
    all: f64,
    waits: f64,
    queue: f64,
    busy: f64,
}

impl Sums {
    fn new(servers: f64) -> Self {
        Sums { servers, all: 0.0, waits: 0.0, queue: 0.0, busy: 0.0 }
    }

    fn add(&mut self, state: f64, weight: f64) {
        let queue = (state - self.servers).max(0.0);
        self.all += weight;
        self.queue += queue * weight;
        self.busy += (state - queue) * weight;
        if state >= self.servers {
            self.waits += weight;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(servers: u32, arrivals: f64, services: f64, impatience: f64) -> Stationary {
        ErlangA { servers, arrivals, services, impatience }.stationary().expect("it settles")
    }

    #[track_caller]
    fn near(found: f64, want: f64) {
        assert!((found / want - 1.0).abs() < 1e-11, "{found} is not {want}");
    }

    #[test]
    fn who_is_as_impatient_as_served_makes_an_infinite_queue() {
        // With patience as short as service every customer leaves at the same rate: the number is Poisson.
        let found = of(3, 4.0, 1.0, 1.0);
        let poisson = [1.0, 4.0, 8.0].iter().sum::<f64>() * libm::exp(-4.0);
        near(found.waits, 1.0 - poisson);
        near(found.queue + found.busy, 4.0);
    }

    #[test]
    fn who_waits_for_ever_makes_an_m_m_c() {
        // Erlang C of 8 erlangs at 10 servers; its queue is waits * rho / (1 - rho).
        let found = of(10, 8.0, 1.0, 0.0);
        near(found.waits, 0.409_180_150_796);
        near(found.queue, found.waits * 4.0);
        assert_eq!(
            (found.abandons, ErlangA { servers: 1, arrivals: 1.0, services: 1.0, impatience: 0.0 }.stationary()),
            (0.0, None)
        );
    }

    #[test]
    fn what_comes_is_served_or_gives_up() {
        for (servers, arrivals, services, impatience) in [
            (1, 0.5, 1.0, 3.0),
            (10, 12.0, 1.0, 0.5),
            (50, 55.0, 1.0, 2.0),
            (2_000, 2_500.0, 1.0, 0.01),
            (4, 1e-3, 1.0, 10.0),
        ] {
            let found = of(servers, arrivals, services, impatience);
            near(services * found.busy + impatience * found.queue, arrivals);
            near(found.wait * arrivals, found.queue);
        }
    }

    #[test]
    fn time_has_no_unit() {
        let (seconds, milliseconds) = (of(50, 55.0, 1.0, 2.0), of(50, 0.055, 0.001, 0.002));
        near(seconds.abandons, milliseconds.abandons);
        near(seconds.wait * 1_000.0, milliseconds.wait);
    }
}
