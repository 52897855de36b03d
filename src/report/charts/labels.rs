//! Where labels stand without lying on each other.

/// A rectangle in pixels.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Area {
    /// The rectangle of this size around a centre.
    pub(super) fn around(x: f64, y: f64, width: f64, height: f64) -> Area {
        Area { left: x - width / 2.0, right: x + width / 2.0, top: y - height / 2.0, bottom: y + height / 2.0 }
    }

    fn overlap(&self, other: &Area) -> f64 {
        let width = self.right.min(other.right) - self.left.max(other.left);
        let height = self.bottom.min(other.bottom) - self.top.max(other.top);
        if width > 0.0 && height > 0.0 { width * height } else { 0.0 }
    }

    fn outside(&self, frame: &Area) -> f64 {
        let inside = self.overlap(frame);
        (self.right - self.left) * (self.bottom - self.top) - inside
    }
}

/// Heights for labels that want to stand at `wanted` in a column: kept in order, at least `gap` apart, within
/// `low..=high` as far as they fit, and moved as little as that allows.
pub(super) fn spread(wanted: &[f64], gap: f64, low: f64, high: f64) -> Vec<f64> {
    let mut order = (0..wanted.len()).collect::<Vec<_>>();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]));
    // Clusters of labels that touch: each is centred on the mean of what its members want.
    let mut clusters: Vec<(f64, Vec<usize>)> = Vec::new();
    for index in order {
        clusters.push((wanted[index], vec![index]));
        while clusters.len() > 1 {
            let (last, members) = clusters.last().expect("just pushed").clone();
            let (before, earlier) = clusters[clusters.len() - 2].clone();
            let apart = gap * (members.len() + earlier.len()) as f64 / 2.0;
            if last - before >= apart {
                break;
            }
            let count = (members.len() + earlier.len()) as f64;
            let centre = (before * earlier.len() as f64 + last * members.len() as f64) / count;
            clusters.truncate(clusters.len() - 2);
            clusters.push((centre, [earlier, members].concat()));
        }
    }
    let mut heights = vec![0.0; wanted.len()];
    let mut floor = low;
    for (centre, members) in &clusters {
        let half = gap * (members.len() as f64 - 1.0) / 2.0;
        let first = (centre - half).min(high - 2.0 * half).max(floor);
        for (place, &index) in members.iter().enumerate() {
            heights[index] = first + gap * place as f64;
        }
        floor = first + gap * members.len() as f64;
    }
    heights
}

/// A place for a label of `size` near a mark at (`x`, `y`) of radius `reach`: of the slots around it, the one that covers
/// least of `taken` and of what lies outside `frame`, the earlier slot where two are as good.
pub(super) fn beside(x: f64, y: f64, reach: f64, size: (f64, f64), taken: &[Area], frame: &Area) -> Area {
    let (width, height) = size;
    let mut best: Option<(f64, Area)> = None;
    for distance in [5.0, 24.0, 50.0, 80.0].map(|away| reach + away) {
        let (dx, dy) = (distance + width / 2.0, distance + height / 2.0);
        let slots = [(dx, 0.0), (-dx, 0.0), (0.0, -dy), (0.0, dy), (dx, -dy), (dx, dy), (-dx, -dy), (-dx, dy)];
        for (right, down) in slots {
            let area = Area::around(x + right, y + down, width, height);
            let covered = taken.iter().map(|other| area.overlap(other)).sum::<f64>() + 3.0 * area.outside(frame);
            if best.is_none_or(|(least, _)| covered < least - 1e-9) {
                best = Some((covered, area));
            }
        }
    }
    best.expect("there are slots").1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_keep_their_order_and_their_distance() {
        let heights = spread(&[100.0, 101.0, 300.0, 99.0], 15.0, 0.0, 400.0);
        assert_eq!(heights, vec![100.0, 115.0, 300.0, 85.0]);
    }

    #[test]
    fn labels_at_the_edge_are_pushed_inside() {
        assert_eq!(spread(&[398.0, 399.0], 15.0, 0.0, 400.0), vec![385.0, 400.0]);
        assert_eq!(spread(&[], 15.0, 0.0, 400.0), Vec::<f64>::new());
    }

    #[test]
    fn a_label_avoids_what_is_taken() {
        let frame = Area { left: 0.0, top: 0.0, right: 200.0, bottom: 200.0 };
        let free = beside(50.0, 50.0, 5.0, (40.0, 12.0), &[], &frame);
        assert!(free.left > 50.0);
        let other = beside(50.0, 50.0, 5.0, (40.0, 12.0), &[free], &frame);
        assert_eq!(other.overlap(&free), 0.0);
    }
}
