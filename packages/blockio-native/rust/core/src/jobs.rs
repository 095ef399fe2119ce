use crate::move_list::Move;

/// What a thread does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Moves that lie together at the target and fit a buffer: one write where there are no zeros.
    Gathered { first: usize, count: usize, length: u64 },
    /// A stretch of one move that is larger than a buffer.
    Stretch { index: usize, start: u64, end: u64 },
}

/// Hands the moves out, in their order.
pub struct Jobs<'a> {
    moves: &'a [Move],
    buffer: u64,
    /// By source, whether the bytes of a buffer may come from several places of it and of others like it.
    scattered: Vec<bool>,
    /// A move is hashed from its start to its end, so one thread does all of it.
    whole: bool,
    index: usize,
    start: u64,
}

impl<'a> Jobs<'a> {
    pub fn new(moves: &'a [Move], buffer: u64, scattered: Vec<bool>, whole: bool) -> Self {
        Jobs { moves, buffer, scattered, whole, index: 0, start: 0 }
    }
}

impl Iterator for Jobs<'_> {
    type Item = Job;

    fn next(&mut self) -> Option<Job> {
        let index = self.index;
        let first = self.moves.get(index)?;
        if first.length <= self.buffer {
            let (count, length) = self.gather(first);
            self.index += count;
            return Some(Job::Gathered { first: index, count, length });
        }
        let start = self.start;
        let end = if self.whole { first.length } else { first.length.min(start + self.buffer) };
        self.start = end;
        if end == first.length {
            self.index += 1;
            self.start = 0;
        }
        Some(Job::Stretch { index, start, end })
    }
}

impl Jobs<'_> {
    /// How many moves go with `first`, which is the next, and their bytes.
    fn gather(&self, first: &Move) -> (usize, u64) {
        let moves = &self.moves[self.index..];
        let mut length = first.length;
        let mut count = 1;
        while let Some(next) = moves.get(count).filter(|next| self.follows(first, length, next)) {
            length += next.length;
            count += 1;
        }
        (count, length)
    }

    fn follows(&self, first: &Move, length: u64, next: &Move) -> bool {
        let together = next.from == first.from && next.source == first.source + length;
        next.destination == first.destination + length
            && length + next.length <= self.buffer
            && (together || self.scattered[first.from] && self.scattered[next.from])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(from: usize, source: u64, destination: u64, length: u64) -> Move {
        Move { from, source, destination, length }
    }

    #[test]
    fn gathers_moves_that_lie_together_up_to_a_buffer() {
        let moves =
            [step(0, 0, 50, 4), step(0, 4, 54, 4), step(0, 8, 58, 4), step(0, 12, 90, 4), step(1, 16, 94, 4)];
        let jobs: Vec<_> = Jobs::new(&moves, 8, vec![false; 2], true).collect();
        assert_eq!(
            jobs,
            [
                Job::Gathered { first: 0, count: 2, length: 8 },
                Job::Gathered { first: 2, count: 1, length: 4 },
                Job::Gathered { first: 3, count: 1, length: 4 },
                Job::Gathered { first: 4, count: 1, length: 4 },
            ]
        );
    }

    #[test]
    fn gathers_from_several_places_of_disks_that_allow_it() {
        let moves =
            [step(0, 0, 50, 2), step(1, 40, 52, 2), step(2, 2, 54, 2), step(0, 8, 56, 2), step(0, 2, 58, 2)];
        let jobs: Vec<_> = Jobs::new(&moves, 8, vec![true, true, false], true).collect();
        assert_eq!(
            jobs,
            [
                Job::Gathered { first: 0, count: 2, length: 4 },
                Job::Gathered { first: 2, count: 1, length: 2 },
                Job::Gathered { first: 3, count: 2, length: 4 },
            ]
        );
    }

    #[test]
    fn cuts_a_large_move_unless_it_is_hashed() {
        let moves = [step(0, 0, 0, 20), step(0, 20, 20, 4)];
        let last = Job::Gathered { first: 1, count: 1, length: 4 };
        let cut: Vec<_> = Jobs::new(&moves, 8, vec![false], false).collect();
        let stretch = |start, end| Job::Stretch { index: 0, start, end };
        assert_eq!(cut, [stretch(0, 8), stretch(8, 16), stretch(16, 20), last]);
        assert_eq!(Jobs::new(&moves, 8, vec![false], true).collect::<Vec<_>>(), [stretch(0, 20), last]);
    }
}
