use crate::move_list::Move;

/// What a thread does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Moves that lie together at both ends and fit a buffer: one read, and one write where there are no zeros.
    Gathered { first: usize, count: usize, length: u64 },
    /// A stretch of one move that is larger than a buffer.
    Stretch { index: usize, start: u64, end: u64 },
}

/// Hands the moves out, in their order.
pub struct Jobs<'a> {
    moves: &'a [Move],
    buffer: u64,
    /// A move is hashed from its start to its end, so one thread does all of it.
    whole: bool,
    index: usize,
    start: u64,
}

impl<'a> Jobs<'a> {
    pub fn new(moves: &'a [Move], buffer: u64, whole: bool) -> Self {
        Jobs { moves, buffer, whole, index: 0, start: 0 }
    }
}

impl Iterator for Jobs<'_> {
    type Item = Job;

    fn next(&mut self) -> Option<Job> {
        let index = self.index;
        let first = self.moves.get(index)?;
        if first.length <= self.buffer {
            let (count, length) = gather(&self.moves[index..], first, self.buffer);
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

fn gather(moves: &[Move], first: &Move, buffer: u64) -> (usize, u64) {
    let mut length = first.length;
    let follows = |length: u64, next: &Move| {
        next.from == first.from
            && next.source == first.source + length
            && next.destination == first.destination + length
            && length + next.length <= buffer
    };
    let mut count = 1;
    while let Some(next) = moves.get(count).filter(|next| follows(length, next)) {
        length += next.length;
        count += 1;
    }
    (count, length)
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
        let jobs: Vec<_> = Jobs::new(&moves, 8, true).collect();
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
    fn cuts_a_large_move_unless_it_is_hashed() {
        let moves = [step(0, 0, 0, 20), step(0, 20, 20, 4)];
        let last = Job::Gathered { first: 1, count: 1, length: 4 };
        let cut: Vec<_> = Jobs::new(&moves, 8, false).collect();
        let stretch = |start, end| Job::Stretch { index: 0, start, end };
        assert_eq!(cut, [stretch(0, 8), stretch(8, 16), stretch(16, 20), last]);
        assert_eq!(Jobs::new(&moves, 8, true).collect::<Vec<_>>(), [stretch(0, 20), last]);
    }
}
