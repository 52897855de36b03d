//! Kinds of events and the order among simultaneous ones.
//!
//! Ties are ordered by what an event is (request, node of its call tree, kind), never by when it was pushed: a push
//! order would change with how a run is cut, and with it every result.

/// What happens. The number is part of the order: at one instant, faults come before traffic.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub(super) enum Kind {
    /// `Machine::changes[slot]` takes effect.
    Change = 0,
    /// The head of timer list `slot` is due.
    Timer = 1,
    /// A connection's handshake is over, or its next SYN is.
    Connected = 2,
    /// A hung connection sends its first unanswered bytes again.
    Retransmit = 3,
    /// A hung connection is given up, by TCP or by an unanswered ping.
    GiveUp = 4,
    /// A connection may have been idle, or open, for long enough.
    Idle = 5,
    /// Work of a frame is done.
    WorkEnd = 6,
    /// The next job of a processor-sharing or priority server is done.
    ServerEnd = 7,
    /// An attempt's message reached its next stop.
    Leg = 8,
    /// A back-off is over.
    Retry = 9,
    /// Outlier detection's sweep of an upstream.
    Sweep = 10,
    /// A user of a closed stream has thought long enough.
    Think = 11,
    /// The next request of an open stream arrives.
    Arrival = 12,
    /// The next large message that shares link `slot` is through.
    Share = 13,
    /// A user's patience ends, or a server hears that its caller gave up.
    News = 14,
}

impl Kind {
    /// As many as four bits can name: the last is never written.
    const ALL: [Kind; 16] = [
        Kind::Change,
        Kind::Timer,
        Kind::Connected,
        Kind::Retransmit,
        Kind::GiveUp,
        Kind::Idle,
        Kind::WorkEnd,
        Kind::ServerEnd,
        Kind::Leg,
        Kind::Retry,
        Kind::Sweep,
        Kind::Think,
        Kind::Arrival,
        Kind::Share,
        Kind::News,
        Kind::Arrival,
    ];

    /// The kind in the low four bits of an order.
    #[inline(always)]
    pub(super) fn of(order: u32) -> Kind {
        Kind::ALL[(order & 15) as usize]
    }

    /// Order of an event of the machine itself: before all traffic of its instant.
    pub(super) const fn order(self) -> u32 {
        self as u32
    }

    /// Order of an event of a request: low 16 bits of its ordinal, 12 bits of the node, 4 bits of kind.
    pub(super) const fn order_of(self, ordinal: u16, node: u64) -> u32 {
        (ordinal as u32) << 16 | ((node >> 52) as u32) << 4 | self as u32
    }
}
