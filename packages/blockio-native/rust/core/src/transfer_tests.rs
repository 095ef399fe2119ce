use crate::faults::PANIC;
use crate::scratch::Scratch;
use crate::{
    Access, BlockFile, Cause, Control, Failure, Kind, MoveList, Outcome, Place, Transfer, ZeroRun, Zeros,
    contained,
};
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

const PIECE: usize = 4096;

fn pieces(values: &[u8]) -> Vec<u8> {
    values.iter().flat_map(|&value| [value; PIECE]).collect()
}

/// Bytes that look random and repeat nowhere near.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..length).map(|_| next()).collect()
}

fn open(path: &Path, access: Access) -> BlockFile {
    BlockFile::open(path, Kind::File, access).unwrap()
}

fn transfer(from: &[&PathBuf], to: &Path, moves: &[u64]) -> Transfer {
    let packed: Vec<f64> = moves.iter().map(|&slot| slot as f64).collect();
    Transfer {
        sources: from.iter().map(|path| open(path, Access::Read).into()).collect(),
        target: open(to, Access::ReadWrite).into(),
        moves: MoveList::unpack(&packed).unwrap(),
        piece_bytes: PIECE,
        zeros: Zeros::Skip,
        digest: true,
        window_bytes: 4 * PIECE,
        threads: 3,
        control: Arc::default(),
    }
}

#[test]
fn moves_ranges_of_several_sources_and_digests_each() {
    let scratch = Scratch::new();
    let (a, b) = (noise(1, 50 * PIECE), noise(2, 9 * PIECE));
    let from = [&scratch.file("a", &a), &scratch.file("b", &b)];
    let to = scratch.file("to", &vec![7; 100 * PIECE]);
    let whole = 40 * PIECE as u64;
    let moves = [0, 77, 5, whole, 1, 1, 300_000, 8192, 1, 8193, 308_192, 100, 1, 0, 400_001, 3];
    let outcome = transfer(&from, &to, &moves).run().unwrap();
    let mut expected = vec![7; 100 * PIECE];
    let mut digests = Vec::new();
    for step in moves.as_chunks::<4>().0 {
        let [source, start, at, length] = step.map(|slot| slot as usize);
        let data = &[&a, &b][source][start..start + length];
        expected[at..at + length].copy_from_slice(data);
        digests.extend(blake3::hash(data).as_bytes());
    }
    assert!(fs::read(&to).unwrap() == expected);
    assert_eq!(outcome, Outcome { digests, zeros: vec![] });
}

#[test]
fn tells_zeros_and_leaves_them_out_or_frees_them() {
    let scratch = Scratch::new();
    let source = scratch.file("from", &pieces(&[1, 0, 0, 2, 0, 0, 0, 0, 3]));
    for (zeros, wanted) in [
        (Zeros::Skip, pieces(&[1, 7, 7, 2, 7, 7, 7, 7, 3])),
        (Zeros::Write, pieces(&[1, 0, 0, 2, 0, 0, 0, 0, 3])),
    ] {
        let to = scratch.file("to", &pieces(&[7; 9]));
        let piece = PIECE as u64;
        let job = Transfer { zeros, digest: false, ..transfer(&[&source], &to, &[0, 0, 0, 9 * piece]) };
        let run = |start, count| ZeroRun { index: 0, start: start * piece, length: count * piece };
        assert_eq!(job.run(), Ok(Outcome { digests: vec![], zeros: vec![run(1, 2), run(4, 4)] }));
        assert!(fs::read(&to).unwrap() == wanted, "{zeros:?}");
    }
}

#[test]
fn aligns_zero_pieces_to_the_start_of_each_move() {
    let scratch = Scratch::new();
    let source = scratch.file("from", &pieces(&[0, 0, 1]));
    let to = scratch.file("to", &pieces(&[7; 3]));
    let piece = PIECE as u64;
    let outcome = transfer(&[&source], &to, &[0, 0, 0, 100, 0, 100, 100, 3 * piece - 100]).run().unwrap();
    assert_eq!(outcome.zeros, [ZeroRun { index: 1, start: 0, length: piece }]);
}

#[test]
fn checks_every_move_before_it_writes() {
    let scratch = Scratch::new();
    let source = scratch.file("from", &pieces(&[1]));
    let to = scratch.file("to", &pieces(&[7]));
    let piece = PIECE as u64;
    let result = transfer(&[&source], &to, &[0, 0, 0, piece, 0, 0, 1, piece]).run();
    assert_eq!(result, Err(Failure::new(Cause::OutOfRange(1))));
    assert!(fs::read(&to).unwrap() == pieces(&[7]));
}

#[test]
fn does_overlapping_moves_in_their_order() {
    let scratch = Scratch::new();
    let source = scratch.file("from", &pieces(&[1, 2, 3, 4, 5, 6, 7, 8]));
    let piece = PIECE as u64;
    let moves: Vec<u64> = (0..8).flat_map(|index| [0, index * piece, 0, piece]).collect();
    for _ in 0..50 {
        let to = scratch.file("to", &pieces(&[9]));
        transfer(&[&source], &to, &moves).run().unwrap();
        assert!(fs::read(&to).unwrap() == pieces(&[8]));
    }
}

#[test]
fn names_the_endpoint_that_failed() {
    let scratch = Scratch::new();
    let source = scratch.file("from", &pieces(&[1, 2]));
    let to = scratch.file("to", &pieces(&[7, 7]));
    let moves = [0, 0, 0, 2 * PIECE as u64];
    let cut = transfer(&[&source], &to, &moves);
    OpenOptions::new().write(true).open(&source).unwrap().set_len(5000).unwrap();
    assert_eq!(cut.run(), Err(Failure::new(Cause::Shortened).at(Place::Source(0))));
    let other = scratch.file("other", &pieces(&[1, 2]));
    let closed = Transfer { target: open(&to, Access::Read).into(), ..transfer(&[&other], &to, &moves) };
    assert_eq!(closed.run(), Err(Failure::new(Cause::System(libc::EBADF)).at(Place::Target)));
}

#[test]
fn writes_nothing_after_it_was_cancelled_and_has_ended() {
    let scratch = Scratch::new();
    let size = 64 * 1024 * 1024_u64;
    let source = scratch.file("from", &vec![1; size as usize]);
    for (delay, past_cache) in [(0, false), (1, true), (3, false), (7, true)] {
        let to = scratch.sparse("to", size, &[]);
        let control = Arc::new(Control::default());
        let job = Transfer { control: control.clone(), ..transfer(&[&source], &to, &[0, 0, 0, size]) };
        let target = open(&to, Access::ReadWrite);
        let target = if past_cache { target.past_cache() } else { target }.into();
        let job = Transfer { target, window_bytes: 256 * 1024, ..job };
        let result = thread::scope(|scope| {
            let running = scope.spawn(|| job.run());
            thread::sleep(Duration::from_millis(delay));
            control.cancel();
            running.join().unwrap()
        });
        assert_eq!(result, Err(Failure::new(Cause::Aborted)));
        assert!(control.done() < size);
        let settled = fs::read(&to).unwrap();
        thread::sleep(Duration::from_millis(20));
        assert!(fs::read(&to).unwrap() == settled);
    }
}

#[test]
fn does_not_begin_when_it_was_cancelled_before() {
    let scratch = Scratch::new();
    let source = scratch.file("from", &pieces(&[1]));
    let to = scratch.file("to", &pieces(&[7]));
    let job = transfer(&[&source], &to, &[0, 0, 0, PIECE as u64]);
    job.control.cancel();
    assert_eq!(job.run(), Err(Failure::new(Cause::Aborted)));
    assert!(fs::read(&to).unwrap() == pieces(&[7]));
}

#[test]
fn keeps_a_panic_to_itself() {
    assert_eq!(contained::<()>(|| panic!("on purpose")), Err(Failure::new(Cause::Panicked)));
}

#[test]
fn leaves_no_open_file_and_no_thread_behind() {
    let count = |folder: &str| fs::read_dir(folder).map_or(0, |entries| entries.count());
    let scratch = Scratch::new();
    let source = scratch.file("from", &pieces(&[1, 0, 2]));
    let to = scratch.file("to", &pieces(&[7; 3]));
    let before = scratch_descriptors(&scratch);
    for _ in 0..500 {
        transfer(&[&source], &to, &[0, 0, 0, 3 * PIECE as u64]).run().unwrap();
    }
    assert_eq!(scratch_descriptors(&scratch), before);
    assert!(count("/proc/self/task") < 500);
}

/// How many descriptors of this process are files of `scratch`; other tests run beside.
fn scratch_descriptors(scratch: &Scratch) -> usize {
    let Ok(entries) = fs::read_dir("/proc/self/fd") else { return 0 };
    let links = entries.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    links.filter(|path| path.starts_with(scratch.folder())).count()
}

/// Random moves against a plain model, with the seed in the message.
#[test]
fn agrees_with_a_plain_copy_over_random_moves() {
    let scratch = Scratch::new();
    let size = 40 * PIECE;
    for seed in 1..60_u64 {
        let dice = noise(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15), 4096);
        let roll = |index: usize, sides: usize| {
            let bytes = [dice[index * 4], dice[index * 4 + 1], dice[index * 4 + 2], dice[index * 4 + 3]];
            u32::from_le_bytes(bytes) as usize % sides
        };
        let mut content = noise(seed, size);
        for hole in 0..6 {
            let at = roll(900 + hole, size - 9000);
            content[at..at + roll(910 + hole, 9000)].fill(0);
        }
        let source = scratch.file("from", &content);
        let to = scratch.file("to", &vec![7; size]);
        let mut moves = Vec::new();
        let mut expected = vec![7; size];
        let mut digests = Vec::new();
        for index in 0..roll(0, 20) {
            let length = 1 + roll(10 + index * 3, 6 * PIECE);
            let (start, at) = (roll(11 + index * 3, size - length), roll(12 + index * 3, size - length));
            moves.extend([0, start as u64, at as u64, length as u64]);
            let data = &content[start..start + length];
            expected[at..at + length].copy_from_slice(data);
            digests.extend(blake3::hash(data).as_bytes());
        }
        for past_cache in [false, true] {
            fs::write(&to, vec![7; size]).unwrap();
            let target = open(&to, Access::ReadWrite);
            let target = if past_cache { target.past_cache() } else { target }.into();
            let job = transfer(&[&source], &to, &moves);
            let job = Transfer { target, zeros: Zeros::Write, ..job };
            assert_eq!(job.run().unwrap().digests, digests, "seed {seed}");
            assert!(fs::read(&to).unwrap() == expected, "seed {seed}");
        }
    }
}

#[test]
fn packs_data_in_the_order_of_the_moves_on_any_number_of_threads() {
    let scratch = Scratch::new();
    let data = [noise(3, 40 * PIECE), pieces(&[0, 0, 5, 0]), noise(4, 9 * PIECE), pieces(&[0; 30])].concat();
    let source = scratch.file("source", &data);
    let whole: Vec<u8> =
        data.chunks(PIECE).filter(|piece| piece.iter().any(|&byte| byte != 0)).flatten().copied().collect();
    let size = data.len() as u64;
    let one = PIECE as u64;
    let single: Vec<u64> = (0..size / one).flat_map(|at| [0, at * one, (7 + at) * one, one]).collect();
    for moves in [vec![0, 0, 7 * one, size], single] {
        for threads in [1, 3, 8] {
            for digest in [false, true] {
                let to = scratch.file("to", &vec![9; data.len() + 8 * PIECE]);
                let job = transfer(&[&source], &to, &moves);
                let job = Transfer { zeros: Zeros::Pack, digest, threads, ..job };
                let outcome = Transfer { target: open(&to, Access::ReadWrite).past_cache().into(), ..job }
                    .run()
                    .unwrap();
                let mut expected = vec![9; data.len() + 8 * PIECE];
                expected[7 * PIECE..][..whole.len()].copy_from_slice(&whole);
                assert!(fs::read(&to).unwrap() == expected, "{threads} threads, digest {digest}");
                let zeros: u64 = outcome.zeros.iter().map(|run| run.length).sum();
                assert_eq!(zeros, size - whole.len() as u64);
            }
        }
    }
}

#[test]
fn refuses_to_pack_moves_that_lie_apart_before_it_writes() {
    let scratch = Scratch::new();
    let source = scratch.file("source", &noise(5, 8 * PIECE));
    let to = scratch.file("to", &[7; 8 * PIECE]);
    let one = PIECE as u64;
    let job = transfer(&[&source], &to, &[0, 0, 0, one, 0, 0, 2 * one, one]);
    let result = Transfer { zeros: Zeros::Pack, ..job }.run();
    assert_eq!(result, Err(Failure::new(Cause::OutOfRange(1))));
    assert_eq!(fs::read(&to).unwrap(), [7; 8 * PIECE]);
}

#[test]
fn stops_the_threads_that_wait_for_their_turn_when_one_fails() {
    let scratch = Scratch::new();
    let source = scratch.file("source", &noise(6, 64 * PIECE));
    let to = scratch.file("to", &vec![7; 64 * PIECE]);
    for past_cache in [false, true] {
        let target = open(&to, Access::Read);
        let job = transfer(&[&source], &to, &[0, 0, 0, 64 * PIECE as u64]);
        let closed = Transfer {
            target: if past_cache { target.past_cache() } else { target }.into(),
            zeros: Zeros::Pack,
            digest: false,
            threads: 8,
            ..job
        };
        assert!(matches!(
            closed.run(),
            Err(Failure { cause: Cause::System(_), place: Some(Place::Target), .. })
        ));
    }
}

#[test]
fn ends_with_the_panic_of_any_of_its_threads_and_leaves_none_behind() {
    for (past_cache, zeros) in
        [(false, Zeros::Skip), (false, Zeros::Pack), (true, Zeros::Skip), (true, Zeros::Pack)]
    {
        let scratch = Scratch::new();
        let mut content = noise(4, 64 * PIECE);
        content[32 * PIECE..][..PANIC.len()].copy_from_slice(PANIC);
        let source = scratch.file("from", &content);
        let to = scratch.file("to", &vec![7; 64 * PIECE]);
        let before = scratch_descriptors(&scratch);
        let failed = {
            let job = transfer(&[&source], &to, &[0, 0, 0, 64 * PIECE as u64]);
            let target = open(&to, Access::ReadWrite);
            let target = if past_cache { target.past_cache() } else { target }.into();
            Transfer { target, zeros, digest: false, threads: 8, ..job }.run()
        };
        assert_eq!(failed, Err(Failure::new(Cause::Panicked)));
        assert_eq!(scratch_descriptors(&scratch), before);
        // whoever is left would write now
        fs::write(&to, vec![9; 64 * PIECE]).unwrap();
        thread::sleep(Duration::from_millis(20));
        assert!(fs::read(&to).unwrap() == vec![9; 64 * PIECE]);
    }
}

#[test]
fn gathers_what_lies_together_at_the_target_from_several_places_of_several_files() {
    let scratch = Scratch::new();
    let data = [noise(7, 32 * PIECE), [noise(8, 20 * PIECE), pieces(&[0; 12])].concat()];
    let sources = [&scratch.file("one", &data[0]), &scratch.file("two", &data[1])];
    let one = PIECE as u64;
    let places: Vec<(usize, u64)> = (0..32).flat_map(|at| [(0, 31 - at), (1, at)]).collect();
    let (mut moves, mut expected, mut digests) = (Vec::new(), Vec::new(), Vec::new());
    for (index, &(from, at)) in places.iter().enumerate() {
        moves.extend([from as u64, at * one, index as u64 * one, one]);
        let piece = &data[from][at as usize * PIECE..][..PIECE];
        expected.extend_from_slice(piece);
        digests.extend(blake3::hash(piece).as_bytes());
    }
    for past_cache in [false, true] {
        let to = scratch.file("to", &vec![9; expected.len()]);
        let target = open(&to, Access::ReadWrite);
        let target = if past_cache { target.past_cache() } else { target }.into();
        let job = transfer(&sources, &to, &moves);
        let job = Transfer { target, zeros: Zeros::Write, window_bytes: 48 * PIECE, ..job };
        let outcome = job.run().unwrap();
        assert_eq!(outcome.digests, digests);
        assert_eq!(outcome.zeros.iter().map(|run| run.length).sum::<u64>(), 12 * one);
        assert!(fs::read(&to).unwrap() == expected, "past the cache: {past_cache}");
    }
}
