use crate::control::Control;
use crate::disk::Disk;
use crate::failure::{Cause, Failure};
use crate::jobs::Jobs;
use crate::move_list::MoveList;
use crate::packer::Packer;
use crate::worker::{Found, Worker};
use crate::zero_runs::{ZeroRun, join_runs};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// Bytes of a BLAKE3-256 digest.
const DIGEST_BYTES: usize = 32;

/// Another thread is not worth its start for fewer buffers.
const MIN_THREAD_BUFFERS: u64 = 2;

/// What becomes of runs of zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zeros {
    /// They are left out: the target keeps what it holds.
    Skip,
    /// The target is made zero there, freeing its storage where it can.
    Write,
    /// They are left out and what follows moves up, over all moves: these must follow each other at the target.
    Pack,
}

/// Moves to do, between disks that are open.
pub struct Transfer {
    pub sources: Vec<Disk>,
    pub target: Disk,
    pub moves: MoveList,
    /// Runs of zeros are made of whole pieces of this size; at least one byte.
    pub piece_bytes: usize,
    pub zeros: Zeros,
    /// Whether to give the BLAKE3-256 digest of each move.
    pub digest: bool,
    /// Bytes of a buffer, as whole pieces: at least one. A thread has one buffer, and more where it reads ahead.
    pub window_bytes: usize,
    /// Threads at most; at least one is used.
    pub threads: usize,
    pub control: Arc<Control>,
}

/// What a transfer found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// 32 bytes a move in their order; empty unless asked for.
    pub digests: Vec<u8>,
    /// Runs of zeros by move and offset; those that touch are one.
    pub zeros: Vec<ZeroRun>,
}

impl Transfer {
    pub(crate) fn buffer_bytes(&self) -> usize {
        (self.window_bytes / self.piece_bytes).max(1) * self.piece_bytes
    }

    /// Does the moves. Every move is checked before a byte is written; nothing is written after this has returned.
    /// Moves that touch the same bytes of the target, and moves inside one file, are done one after another.
    pub fn run(&self) -> Result<Outcome, Failure> {
        let sizes: Vec<u64> = self.sources.iter().map(Disk::size).collect();
        self.moves.check(&sizes, self.target.size())?;
        if self.zeros == Zeros::Pack {
            self.moves.check_follow()?;
        }
        self.control.check()?;
        let files = self.sources.iter().map(|source| matches!(source, Disk::File(_))).collect();
        let jobs = Jobs::new(self.moves.moves(), self.buffer_bytes() as u64, files, self.digest);
        let found = self.on_threads(&Mutex::new(jobs), self.packer().as_ref());
        self.control.check()?;
        Ok(self.outcome(found))
    }

    fn packer(&self) -> Option<Packer> {
        let first = self.moves.moves().first().filter(|_| self.zeros == Zeros::Pack)?;
        let last = self.moves.moves().last()?;
        self.target.allocate_ahead(first.destination, last.destination + last.length);
        Some(Packer::new(first.destination))
    }

    fn thread_count(&self) -> usize {
        let mut disks = self.sources.iter().chain([&self.target]);
        if self.is_ordered() || !disks.all(Disk::is_shared) {
            return 1;
        }
        let bytes: u64 = self.moves.moves().iter().map(|step| step.length).sum();
        // a way to an export costs several round trips
        let least = MIN_THREAD_BUFFERS * self.buffer_bytes() as u64;
        let worthwhile = usize::try_from(bytes / least).unwrap_or(usize::MAX);
        self.threads.min(worthwhile).max(1)
    }

    /// Whether the moves must be done one after another: they lie inside one disk, or over each other.
    pub(crate) fn is_ordered(&self) -> bool {
        self.sources.iter().any(|source| source.is_same(&self.target)) || !self.moves.is_disjoint()
    }

    fn on_threads(&self, jobs: &Mutex<Jobs>, packer: Option<&Packer>) -> Vec<Found> {
        let done = AtomicBool::new(false);
        let noted = |work: Result<Found, Failure>| {
            work.inspect_err(|failure| self.control.fail(*failure)).unwrap_or_default()
        };
        // made before the others, so that it has the ways that are open already
        let first = match contained(|| Worker::new(self, packer, &|| false)) {
            Ok(first) => first,
            Err(failure) => {
                self.control.fail(failure);
                return Vec::new();
            }
        };
        let another = || match contained(|| Worker::new(self, packer, &|| done.load(Ordering::Relaxed))) {
            Ok(worker) => noted(contained(|| worker.run(jobs))),
            Err(failure @ Failure { cause: Cause::Protocol(_), .. }) => noted(Err(failure)),
            // more threads are a matter of speed
            Err(_) => Found::default(),
        };
        thread::scope(|scope| {
            let spawn =
                |_| thread::Builder::new().name("sendense-blockio".into()).spawn_scoped(scope, another).ok();
            let others: Vec<_> = (1..self.thread_count()).filter_map(spawn).collect();
            let mut found = vec![noted(contained(|| first.run(jobs)))];
            done.store(true, Ordering::Relaxed);
            found.extend(others.into_iter().filter_map(|thread| thread.join().ok()));
            found
        })
    }

    fn outcome(&self, found: Vec<Found>) -> Outcome {
        let mut digests = vec![0; if self.digest { self.moves.moves().len() * DIGEST_BYTES } else { 0 }];
        let mut zeros = Vec::new();
        for part in found {
            for (index, digest) in part.digests {
                digests[index * DIGEST_BYTES..][..DIGEST_BYTES].copy_from_slice(&digest);
            }
            zeros.extend(part.zeros);
        }
        Outcome { digests, zeros: join_runs(zeros) }
    }
}

/// Runs `work`; a panic in it becomes a failure and goes no further.
pub fn contained<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(Failure::new(Cause::Panicked)))
}
