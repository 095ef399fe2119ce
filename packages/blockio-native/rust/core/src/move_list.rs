use crate::failure::{Cause, Failure};

/// The largest integer that a JavaScript number counts exactly: 2^53 - 1.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

/// `length` bytes from `source` of the source number `from` to `destination`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    pub from: usize,
    pub source: u64,
    pub destination: u64,
    pub length: u64,
}

/// The moves of a transfer, each checked against the sizes of what it names.
#[derive(Debug)]
pub struct MoveList {
    moves: Vec<Move>,
}

impl MoveList {
    /// Unpacks `[from index, source, destination, length]` repeated. Fails with `OutOfRange` and the index of the first
    /// move that is no move.
    pub fn unpack(packed: &[f64]) -> Result<Self, Failure> {
        let (moves, rest) = packed.as_chunks::<4>();
        let mut unpacked = Vec::with_capacity(moves.len());
        for (index, slots) in moves.iter().enumerate() {
            let bad = Failure::new(Cause::OutOfRange(index));
            if !slots.iter().all(|&slot| (0.0..=MAX_SAFE).contains(&slot) && slot.fract() == 0.0)
                || slots[3] == 0.0
            {
                return Err(bad);
            }
            let [from, source, destination, length] = slots.map(|slot| slot as u64);
            unpacked.push(Move {
                from: usize::try_from(from).map_err(|_| bad)?,
                source,
                destination,
                length,
            });
        }
        if rest.is_empty() {
            Ok(MoveList { moves: unpacked })
        } else {
            Err(Failure::new(Cause::OutOfRange(moves.len())))
        }
    }

    /// Fails with `OutOfRange` unless every move lies inside its source and the target.
    pub fn check(&self, sources: &[u64], target: u64) -> Result<(), Failure> {
        let inside = |at: u64, length: u64, size: u64| at <= size && length <= size - at;
        let fits = |step: &Move| {
            sources.get(step.from).is_some_and(|&size| inside(step.source, step.length, size))
                && inside(step.destination, step.length, target)
        };
        match self.moves.iter().position(|step| !fits(step)) {
            None => Ok(()),
            Some(index) => Err(Failure::new(Cause::OutOfRange(index))),
        }
    }

    /// Fails with `OutOfRange` and its index for the first move that does not begin at the target where the one before it
    /// ends.
    pub fn check_follow(&self) -> Result<(), Failure> {
        let apart = |pair: &[Move]| pair[0].destination + pair[0].length != pair[1].destination;
        match self.moves.windows(2).position(apart) {
            None => Ok(()),
            Some(index) => Err(Failure::new(Cause::OutOfRange(index + 1))),
        }
    }

    /// Whether no byte of the target is written twice: only then may moves run in any order.
    pub fn is_disjoint(&self) -> bool {
        let ends = |step: &Move| (step.destination, step.destination + step.length);
        if self.moves.windows(2).all(|pair| ends(&pair[0]).1 <= pair[1].destination) {
            return true;
        }
        let mut ranges: Vec<_> = self.moves.iter().map(ends).collect();
        ranges.sort_unstable();
        ranges.windows(2).all(|pair| pair[0].1 <= pair[1].0)
    }

    pub fn moves(&self) -> &[Move] {
        &self.moves
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out_of_range(index: usize) -> Failure {
        Failure::new(Cause::OutOfRange(index))
    }

    #[test]
    fn refuses_what_is_no_move_and_names_it() {
        for slots in [
            [-1.0, 0.0, 0.0, 1.0],
            [0.0, 0.5, 0.0, 1.0],
            [0.0, 0.0, f64::NAN, 1.0],
            [0.0, 0.0, 0.0, 0.0],
            [0.0, 0.0, 0.0, f64::INFINITY],
            [0.0, 9_007_199_254_740_992.0, 0.0, 1.0],
        ] {
            let packed = [[0.0, 0.0, 0.0, 1.0], slots].concat();
            assert_eq!(MoveList::unpack(&packed).err(), Some(out_of_range(1)), "{slots:?}");
        }
        assert_eq!(MoveList::unpack(&[0.0; 5]).err(), Some(out_of_range(0)));
        assert_eq!(MoveList::unpack(&[0.0, 0.0, 0.0, 1.0, 0.0]).err(), Some(out_of_range(1)));
    }

    #[test]
    fn keeps_moves_inside_both_ends() {
        let list = |slots: [f64; 4]| MoveList::unpack(&slots).unwrap();
        assert_eq!(list([0.0, 90.0, 40.0, 10.0]).check(&[100], 50), Ok(()));
        for slots in [
            [0.0, 91.0, 0.0, 10.0],
            [0.0, 0.0, 41.0, 10.0],
            [1.0, 0.0, 0.0, 1.0],
            [0.0, 101.0, 0.0, 1.0],
            [0.0, 1.0, 0.0, 9_007_199_254_740_991.0],
        ] {
            assert_eq!(list(slots).check(&[100], 50), Err(out_of_range(0)), "{slots:?}");
        }
    }

    #[test]
    fn sees_destinations_that_overlap_in_any_order() {
        let disjoint = |packed: &[f64]| MoveList::unpack(packed).unwrap().is_disjoint();
        assert!(disjoint(&[0.0, 0.0, 8.0, 8.0, 0.0, 0.0, 0.0, 8.0]));
        assert!(!disjoint(&[0.0, 0.0, 7.0, 8.0, 0.0, 0.0, 0.0, 8.0]));
        assert!(!disjoint(&[0.0, 0.0, 0.0, 8.0, 0.0, 0.0, 0.0, 8.0]));
        assert!(disjoint(&[]));
    }
}
