//! Who can reach whom: a graph of named nodes. The only file that names petgraph.
//!
//! Serves two questions: may this call graph run at all (a cycle of calls never ends), and which networks would a chain of
//! peerings have joined, had peering been transitive.

use petgraph::algo::{astar, kosaraju_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};

/// A directed graph over nodes numbered from 0.
#[derive(Clone, Debug)]
pub struct Graph {
    inner: DiGraph<(), ()>,
}

impl Graph {
    /// A graph of `nodes` nodes and these edges.
    pub fn new(nodes: usize, edges: impl IntoIterator<Item = (usize, usize)>) -> Graph {
        let mut inner = DiGraph::with_capacity(nodes, 0);
        let ids: Vec<NodeIndex> = (0..nodes).map(|_| inner.add_node(())).collect();
        for (from, to) in edges {
            inner.update_edge(ids[from], ids[to], ());
        }
        Graph { inner }
    }

    /// The nodes of one cycle in order of their number, if there is one; of several, that with the least number.
    pub fn cycle(&self) -> Option<Vec<usize>> {
        let knots = kosaraju_scc(&self.inner)
            .into_iter()
            .filter(|knot| knot.len() > 1 || self.inner.contains_edge(knot[0], knot[0]));
        knots
            .map(|knot| {
                let mut nodes: Vec<usize> = knot.into_iter().map(NodeIndex::index).collect();
                nodes.sort_unstable();
                nodes
            })
            .min()
    }

    /// All nodes, each after those with an edge to it; none where there is a cycle.
    pub fn topological(&self) -> Option<Vec<usize>> {
        let order = toposort(&self.inner, None).ok()?;
        Some(order.into_iter().map(NodeIndex::index).collect())
    }

    /// The fewest steps from one node to another, both ends included; none: not reachable.
    pub fn shortest(&self, from: usize, to: usize) -> Option<Vec<usize>> {
        let goal = NodeIndex::new(to);
        let found = astar(&self.inner, NodeIndex::new(from), |node| node == goal, |_| 1_u32, |_| 0);
        found.map(|(_, path)| path.into_iter().map(NodeIndex::index).collect())
    }

    /// Which nodes can be reached from these, themselves included, by number.
    pub fn reachable(&self, from: impl IntoIterator<Item = usize>) -> Vec<bool> {
        let mut seen = vec![false; self.inner.node_count()];
        let mut open: Vec<NodeIndex> = from.into_iter().map(NodeIndex::new).collect();
        while let Some(node) = open.pop() {
            if !std::mem::replace(&mut seen[node.index()], true) {
                open.extend(self.inner.neighbors(node));
            }
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_has_no_cycle_and_a_loop_has() {
        assert_eq!(Graph::new(3, [(0, 1), (1, 2)]).cycle(), None);
        assert_eq!(Graph::new(4, [(0, 1), (1, 2), (2, 1), (3, 3)]).cycle(), Some(vec![1, 2]));
        assert_eq!(Graph::new(1, [(0, 0)]).cycle(), Some(vec![0]));
    }

    #[test]
    fn callers_come_before_what_they_call() {
        assert_eq!(Graph::new(3, [(2, 0), (0, 1)]).topological(), Some(vec![2, 0, 1]));
        assert_eq!(Graph::new(2, [(0, 1), (1, 0)]).topological(), None);
    }

    #[test]
    fn the_shortest_chain_is_found() {
        let graph = Graph::new(5, [(0, 1), (1, 2), (2, 3), (0, 3), (3, 0)]);
        assert_eq!(graph.shortest(0, 3), Some(vec![0, 3]));
        assert_eq!(graph.shortest(3, 2), Some(vec![3, 0, 1, 2]));
        assert_eq!(graph.shortest(0, 4), None);
    }

    #[test]
    fn what_no_edge_leads_to_is_not_reached() {
        assert_eq!(Graph::new(4, [(0, 1), (2, 3)]).reachable([0]), [true, true, false, false]);
    }
}
