//! Against a heap, which is known to be right; and what a long run must not cost.

use super::super::heap::Heap;
use super::*;
use proptest::prelude::*;

fn entry(ns: u64, order: u32, slot: u32) -> Entry {
    Entry::new(SimTime::from_nanos(ns), Event { order, slot })
}

/// Content is a hash of the slot, so that neither slots nor pushes are in order of content.
fn by_content(a: Event, b: Event) -> Ordering {
    let content = |event: Event| event.slot.wrapping_mul(0x9E37_79B1).reverse_bits();
    content(a).cmp(&content(b))
}

/// Spans that make ties, neighbours in a tick, and every ring.
fn spans() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => Just(0u64),
        4 => 0u64..4,
        4 => 0u64..2048,
        4 => 0u64..200_000,
        2 => Just(250_000u64),
        2 => Just(1_000_000_000u64),
        1 => (0u32..62).prop_map(|bit| 1u64 << bit),
        1 => 0u64..(1 << 62),
    ]
}

/// Pushes and pops the same in both; `pops` says how many after each push, with an end `until` beyond now. With
/// `reticks` the tick changes all the time, which must not be noticed.
fn check(steps: &[(u64, u32, u8, u64)], reticks: bool) {
    let (mut queue, mut heap) = (Queue::default(), Heap::default());
    let mut now = 0u64;
    for (slot, &(span, order, pops, ahead)) in steps.iter().enumerate() {
        let new = entry(now.saturating_add(span), order, slot as u32);
        queue.push(new);
        heap.push(new);
        let until = SimTime::from_nanos(now.saturating_add(ahead));
        for _ in 0..pops {
            let (got, want) = (queue.pop(until, by_content), heap.pop(until, by_content));
            assert_eq!(got, want);
            now = want.map_or(now, |entry| entry.time().nanos());
        }
        assert_eq!(queue.len(), heap.len());
        if reticks && slot % 3 == 0 && queue.len() > 0 && queue.front.is_empty() && queue.late.is_empty() {
            queue.retick([10, 4, 8][slot % 9 / 3]);
        }
    }
    while let Some(want) = heap.pop(SimTime::NEVER, by_content) {
        assert_eq!(queue.pop(SimTime::NEVER, by_content), Some(want));
    }
    assert_eq!((queue.pop(SimTime::NEVER, by_content), queue.len()), (None, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_queue_gives_what_a_heap_gives(
        steps in prop::collection::vec((spans(), 0u32..3, 0u8..3, spans()), 1..400),
        reticks in any::<bool>(),
    ) {
        check(&steps, reticks);
    }

    #[test]
    fn a_crowded_microsecond_gives_what_a_heap_gives(
        steps in prop::collection::vec((0u64..900, 0u32..4, 0u8..2, 0u64..1000), 200..900),
    ) {
        check(&steps, false);
    }
}

#[test]
fn the_ends_of_time_are_in_range() {
    let steps = [(u64::MAX, 3, 0, 0), (0, 0, 1, 0), (u64::MAX - 1, u32::MAX, 2, u64::MAX), (0, 0, 2, u64::MAX)];
    check(&steps, false);
    check(&steps, true);
}

#[test]
fn a_hundred_thousand_events_of_one_microsecond_are_not_quadratic() {
    // Each pop pushes into the front, before nearly all that is there: 5e9 moves if it were an insertion sort.
    let mut queue = Queue::default();
    for slot in 0..100_000 {
        queue.push(entry(5000 + u64::from(slot % 7), slot, slot));
    }
    let mut last = 0;
    for slot in 0..300_000u32 {
        let popped = queue.pop(SimTime::NEVER, by_content).unwrap();
        assert!(popped.key() >= last);
        last = popped.key();
        queue.push(entry(popped.time().nanos(), popped.event().order.saturating_add(50_000), slot));
    }
    assert_eq!(queue.len(), 100_000);
    assert!(!queue.late.is_empty(), "the guard was in use");
}

/// Pops and pushes the same, `times` over, in both; the next of `spans` after the one popped.
fn hold(queue: &mut Queue, heap: &mut Heap, spans: &[u64], times: usize) {
    for turn in 0..times {
        let (got, want) = (queue.pop(SimTime::NEVER, by_content), heap.pop(SimTime::NEVER, by_content).unwrap());
        assert_eq!(got, Some(want));
        let Event { order, slot } = want.event();
        let next = entry(want.time().nanos() + spans[turn % spans.len()], order, slot);
        queue.push(next);
        heap.push(next);
    }
}

#[test]
fn the_tick_follows_the_load() {
    let (mut queue, mut heap) = (Queue::default(), Heap::default());
    for slot in 0..50_000 {
        queue.push(entry(u64::from(slot) * 200, slot, slot));
        heap.push(entry(u64::from(slot) * 200, slot, slot));
    }
    // 50,000 within 10 ms, five in each microsecond; then within 10 s.
    hold(&mut queue, &mut heap, &[9_999_937, 10_000_019, 250_007], 400_000);
    assert!(queue.tick_bits < LONGEST_TICK, "{}", queue.tick_bits);
    let spans: Vec<u64> = (1..1009).map(|turn: u64| turn * 7_919 % 1009 * 10_000_019).collect();
    hold(&mut queue, &mut heap, &spans, 400_000);
    assert_eq!(queue.tick_bits, LONGEST_TICK);
}

#[test]
fn memory_stays_what_it_was_once_warm() {
    let span = |slot: u32| [250_000u64, 1_000_000, 15_000_000, 40_000_000][slot as usize % 4] + u64::from(slot * 37);
    for pending in [1000, 20_000] {
        let mut queue = Queue::default();
        for slot in 0..pending {
            queue.push(entry(span(slot), slot, slot));
        }
        let hold = |queue: &mut Queue, times: u32| {
            for _ in 0..times {
                let next = queue.pop(SimTime::NEVER, by_content).unwrap();
                let Event { order, slot } = next.event();
                queue.push(entry(next.time().nanos() + span(slot), order, slot));
            }
        };
        let room = |queue: &Queue| {
            (queue.lists.room().1, queue.others.room().1, queue.front.capacity(), queue.late.capacity())
        };
        hold(&mut queue, 1_000_000);
        let warm = room(&queue);
        hold(&mut queue, 1_000_000);
        assert_eq!(room(&queue), warm);
    }
}

#[test]
fn a_million_events_need_little_more_than_their_entries() {
    let mut queue = Queue::default();
    for slot in 0..1_000_000u32 {
        queue.push(entry(u64::from(slot.wrapping_mul(0x9E37_79B1)) * 8, 0, slot));
    }
    // 16 bytes each, and what is empty in the chunk at the end of each list.
    let used = queue.lists.room().0 * size_of::<Entry>();
    assert!(used < 24_000_000, "{used} bytes");
    let before = queue.lists.room().0;
    while let Some(next) = queue.pop(SimTime::from_nanos(30_000_000_000), by_content) {
        queue.push(entry(next.time().nanos() + 34_359_738_368, 0, next.event().slot));
    }
    assert!(queue.lists.room().0 <= before * 11 / 10, "what lists give back is used again");
}
