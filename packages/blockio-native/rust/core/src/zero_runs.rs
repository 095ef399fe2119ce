/// A run of zeros that a transfer found in one move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ZeroRun {
    /// Index of the move.
    pub index: usize,
    /// Offset in the move, in bytes.
    pub start: u64,
    pub length: u64,
}

/// Bytes looked at before the next decision: small enough to stop soon, long enough for vector instructions.
const STEP: usize = 256;

/// Whether every byte is zero.
pub fn is_zero(data: &[u8]) -> bool {
    data.chunks(STEP).all(|part| part.iter().fold(0, |sum, &byte| sum | byte) == 0)
}

/// Cuts `data` into alternating runs `(start, end, zero)` that cover it. A zero run is made of whole pieces of
/// `piece` bytes, counted from the start of `data`; a shorter rest at the end counts as data.
pub fn for_each_run(data: &[u8], piece: usize, mut take: impl FnMut(usize, usize, bool)) {
    let mut start = 0;
    let mut was_zero = false;
    for (index, bytes) in data.chunks(piece).enumerate() {
        let zero = bytes.len() == piece && is_zero(bytes);
        let at = index * piece;
        if zero != was_zero {
            if at > start {
                take(start, at, was_zero);
            }
            start = at;
            was_zero = zero;
        }
    }
    if data.len() > start {
        take(start, data.len(), was_zero);
    }
}

/// Sorts runs and joins those of one move that touch.
pub fn join_runs(mut runs: Vec<ZeroRun>) -> Vec<ZeroRun> {
    runs.sort_unstable();
    runs.dedup_by(|next, last| {
        let joins = last.index == next.index && last.start + last.length == next.start;
        if joins {
            last.length += next.length;
        }
        joins
    });
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(data: &[u8], piece: usize) -> Vec<(usize, usize, bool)> {
        let mut found = Vec::new();
        for_each_run(data, piece, |start, end, zero| found.push((start, end, zero)));
        found
    }

    #[test]
    fn sees_a_single_byte_anywhere() {
        let mut data = vec![0; 3 * STEP + 5];
        assert!(is_zero(&data) && is_zero(&[]));
        for at in [0, 1, STEP - 1, STEP, 3 * STEP, 3 * STEP + 4] {
            data[at] = 1;
            assert!(!is_zero(&data), "byte {at}");
            data[at] = 0;
        }
    }

    #[test]
    fn covers_the_data_with_alternating_runs_of_whole_pieces() {
        let data = [[1; 4], [0; 4], [0; 4], [2; 4], [0; 4]].concat();
        assert_eq!(runs(&data, 4), [(0, 4, false), (4, 12, true), (12, 16, false), (16, 20, true)]);
    }

    #[test]
    fn counts_zeros_that_are_not_a_whole_piece_as_data() {
        assert_eq!(
            runs(&[1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], 4),
            [(0, 4, false), (4, 8, true), (8, 11, false)]
        );
        assert_eq!(runs(&[], 4), []);
    }

    #[test]
    fn joins_runs_of_one_move_that_touch_and_no_others() {
        let run = |index, start, length| ZeroRun { index, start, length };
        let found = vec![run(1, 16, 4), run(0, 12, 4), run(0, 4, 4), run(0, 0, 4)];
        assert_eq!(join_runs(found), [run(0, 0, 8), run(0, 12, 4), run(1, 16, 4)]);
    }
}
