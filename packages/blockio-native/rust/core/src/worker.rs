use crate::aligned_buffer::AlignedBuffer;
use crate::failure::{Failure, Place};
use crate::jobs::{Job, Jobs};
use crate::transfer::{Transfer, Zeros};
use crate::zero_runs::{ZeroRun, for_each_run};
use blake3::Hasher;
use std::sync::Mutex;

/// What one thread found.
#[derive(Default)]
pub struct Found {
    /// Digests by the index of their move.
    pub digests: Vec<(usize, [u8; 32])>,
    pub zeros: Vec<ZeroRun>,
}

/// One thread of a transfer, with its buffer.
pub struct Worker<'a> {
    transfer: &'a Transfer,
    buffer: AlignedBuffer,
    found: Found,
}

/// The part of a buffer that waits to be written: zeros that are left out or freed cut it.
struct Pending {
    start: usize,
    end: usize,
}

impl<'a> Worker<'a> {
    pub fn new(transfer: &'a Transfer) -> Result<Self, Failure> {
        let buffer = AlignedBuffer::new(transfer.buffer_bytes())?;
        Ok(Worker { transfer, buffer, found: Found::default() })
    }

    /// Does jobs until there are none, or the transfer is to stop.
    pub fn run(mut self, jobs: &Mutex<Jobs>) -> Result<Found, Failure> {
        loop {
            self.transfer.control.check()?;
            let next = jobs.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).next();
            match next {
                None => return Ok(self.found),
                Some(Job::Gathered { first, count, length }) => self.gathered(first, count, length)?,
                Some(Job::Stretch { index, start, end }) => self.stretch(index, start, end)?,
            }
        }
    }

    fn gathered(&mut self, first: usize, count: usize, length: u64) -> Result<(), Failure> {
        let moves = &self.transfer.moves.moves()[first..first + count];
        let destination = moves[0].destination;
        self.fill(moves[0].from, moves[0].source, length as usize)?;
        let mut pending = Pending { start: 0, end: 0 };
        let mut at = 0;
        for (index, step) in (first..).zip(moves) {
            let end = at + step.length as usize;
            if self.transfer.digest {
                self.found.digests.push((index, blake3::hash(&self.buffer[at..end]).into()));
            }
            self.settle(index, 0, (at, end), destination, &mut pending)?;
            at = end;
        }
        self.write(destination, &pending)?;
        self.transfer.control.advance(length);
        Ok(())
    }

    fn stretch(&mut self, index: usize, start: u64, end: u64) -> Result<(), Failure> {
        let step = self.transfer.moves.moves()[index];
        let mut hasher = self.transfer.digest.then(Hasher::new);
        let mut at = start;
        while at < end {
            self.transfer.control.check()?;
            let length = (end - at).min(self.buffer.len() as u64) as usize;
            self.fill(step.from, step.source + at, length)?;
            if let Some(hasher) = &mut hasher {
                hasher.update(&self.buffer[..length]);
            }
            let mut pending = Pending { start: 0, end: 0 };
            self.settle(index, at, (0, length), step.destination + at, &mut pending)?;
            self.write(step.destination + at, &pending)?;
            at += length as u64;
            self.transfer.control.advance(length as u64);
        }
        if let Some(hasher) = hasher {
            self.found.digests.push((index, hasher.finalize().into()));
        }
        Ok(())
    }

    fn fill(&mut self, from: usize, offset: u64, length: usize) -> Result<(), Failure> {
        let source = &self.transfer.sources[from];
        source.read(offset, &mut self.buffer[..length]).map_err(|failure| failure.at(Place::Source(from)))
    }

    /// Notes the zeros of `[at, end)` of the buffer, which is `start` of move `index`, and writes what lies before them.
    fn settle(
        &mut self,
        index: usize,
        start: u64,
        (at, end): (usize, usize),
        destination: u64,
        pending: &mut Pending,
    ) -> Result<(), Failure> {
        let mut zeros = Vec::new();
        for_each_run(&self.buffer[at..end], self.transfer.piece_bytes, |from, to, zero| {
            if zero {
                zeros.push((from, to));
            }
        });
        for (from, to) in zeros {
            let length = (to - from) as u64;
            self.found.zeros.push(ZeroRun { index, start: start + from as u64, length });
            pending.end = at + from;
            self.write(destination, pending)?;
            pending.start = at + to;
            if self.transfer.zeros == Zeros::Write {
                self.zero(destination + (at + from) as u64, length)?;
            }
        }
        pending.end = end;
        Ok(())
    }

    fn write(&self, destination: u64, pending: &Pending) -> Result<(), Failure> {
        if pending.end <= pending.start {
            return Ok(());
        }
        let data = &self.buffer[pending.start..pending.end];
        let target = &self.transfer.target;
        target.write(destination + pending.start as u64, data).map_err(|failure| failure.at(Place::Target))
    }

    fn zero(&self, offset: u64, length: u64) -> Result<(), Failure> {
        let mut at = offset;
        while at < offset + length {
            let rest = offset + length - at;
            at = self.transfer.target.zero(at, rest).map_err(|failure| failure.at(Place::Target))?;
        }
        Ok(())
    }
}
