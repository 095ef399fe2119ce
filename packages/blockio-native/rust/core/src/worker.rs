use crate::aligned_buffer::AlignedBuffer;
use crate::disk::{Disk, Lane, Reading};
use crate::failure::{Cause, Failure, Place};
use crate::jobs::{Job, Jobs};
use crate::move_list::Move;
use crate::packer::Packer;
use crate::transfer::{Transfer, Zeros};
use crate::write_behind::{BUFFERS_BEHIND, WriteBehind, Writes};
use crate::zero_runs::{ZeroRun, for_each_run};
use blake3::Hasher;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::thread;

/// What one thread found.
#[derive(Default)]
pub struct Found {
    /// Digests by the index of their move.
    pub digests: Vec<(usize, [u8; 32])>,
    pub zeros: Vec<ZeroRun>,
}

/// One thread of a transfer: its ways to the disks, and its buffers.
pub struct Worker<'a> {
    transfer: &'a Transfer,
    packer: Option<&'a Packer>,
    sources: Vec<Lane<'a>>,
    target: Lane<'a>,
    spare: Vec<AlignedBuffer>,
    /// Where writes wait for the storage.
    behind: Option<WriteBehind>,
    /// Whether a piece begins only when the one before it is wholly done.
    ordered: bool,
    /// The move that is cut, from where it goes on to where this thread's part of it ends.
    rest: Option<(usize, u64, u64)>,
    /// Of the move that is being cut.
    hasher: Hasher,
    found: Found,
}

/// What fits a buffer.
#[derive(Clone, Copy)]
enum Piece {
    Gathered {
        first: usize,
        count: usize,
        length: usize,
    },
    /// A part of one move, and whether it is the last that this thread does.
    Part {
        index: usize,
        start: u64,
        length: usize,
        last: bool,
    },
}

/// A piece whose bytes are on their way.
struct Begun {
    piece: Piece,
    coming: Coming,
}

/// How the bytes of a piece come.
enum Coming {
    /// From one place of a source.
    Together(Reading),
    /// From several places of files, read when they are needed.
    Scattered(AlignedBuffer),
}

impl<'a> Worker<'a> {
    /// Fails where a disk lets no more threads in; nothing is lost then as long as one thread works. That is given up once
    /// `needless` says so.
    pub fn new(
        transfer: &'a Transfer,
        packer: Option<&'a Packer>,
        needless: &dyn Fn() -> bool,
    ) -> Result<Self, Failure> {
        let lane = |disk: &'a Disk, place: Place| {
            disk.lane(&transfer.control, needless).map_err(|failure| failure.at(place))
        };
        let sources = transfer.sources.iter().enumerate();
        let sources = sources.map(|(index, disk)| lane(disk, Place::Source(index)));
        let sources: Vec<_> = sources.collect::<Result<_, _>>()?;
        let target = lane(&transfer.target, Place::Target)?;
        let ahead = sources.iter().map(Lane::read_ahead).max().unwrap_or(1);
        let ordered = transfer.is_ordered();
        let buffers = match (ordered, transfer.target.direct_file()) {
            (true, _) => 1,
            (false, None) => ahead,
            (false, Some(_)) => ahead + BUFFERS_BEHIND,
        };
        let spare =
            (0..buffers).map(|_| AlignedBuffer::new(transfer.buffer_bytes())).collect::<Result<_, _>>()?;
        let (behind, rest, hasher, found) = (None, None, Hasher::new(), Found::default());
        Ok(Worker { transfer, packer, sources, target, spare, behind, ordered, rest, hasher, found })
    }

    /// Does jobs until there are none, or the transfer is to stop. Nothing is written after it has returned.
    pub fn run(self, jobs: &Mutex<Jobs>) -> Result<Found, Failure> {
        let direct = self.transfer.target.direct_file().filter(|_| !self.ordered);
        let control = &self.transfer.control;
        // owned in there: a panic too drops what the second thread waits for
        thread::scope(move |scope| {
            let mut worker = self;
            worker.behind = direct.and_then(|file| WriteBehind::start(scope, file, control));
            worker.do_jobs(jobs).inspect_err(|failure| {
                // the others stop while this one waits for answers
                control.fail(*failure);
                worker.target.give_up();
            })?;
            Ok(worker.found)
        })
    }

    fn do_jobs(&mut self, jobs: &Mutex<Jobs>) -> Result<(), Failure> {
        let mut underway = VecDeque::new();
        loop {
            self.transfer.control.check()?;
            while let Some(buffer) = self.free_buffer(underway.is_empty()) {
                let Some(piece) = self.next_piece(jobs) else { break };
                underway.push_back(self.begin(piece, buffer)?);
            }
            let Some(begun) = underway.pop_front() else { break };
            let free = self.do_piece(begun)?;
            if self.ordered {
                self.settle()?;
            }
            self.spare.extend(free);
        }
        self.settle()
    }

    /// A buffer to read into; waits for one to be written where there is nothing else to do.
    fn free_buffer(&mut self, idle: bool) -> Option<AlignedBuffer> {
        let behind = self.behind.as_mut();
        self.spare.pop().or_else(|| {
            let behind = behind?;
            behind.written().or_else(|| if idle { behind.wait() } else { None })
        })
    }

    fn next_piece(&mut self, jobs: &Mutex<Jobs>) -> Option<Piece> {
        let (index, start, end) = match self.rest.take() {
            Some(rest) => rest,
            None => match jobs.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).next()? {
                Job::Gathered { first, count, length } => {
                    return Some(Piece::Gathered { first, count, length: length as usize });
                }
                Job::Stretch { index, start, end } => (index, start, end),
            },
        };
        let length = (end - start).min(self.transfer.buffer_bytes() as u64);
        let last = start + length == end;
        if !last {
            self.rest = Some((index, start + length, end));
        }
        Some(Piece::Part { index, start, length: length as usize, last })
    }

    fn begin(&mut self, piece: Piece, buffer: AlignedBuffer) -> Result<Begun, Failure> {
        let (index, start, length) = match piece {
            Piece::Gathered { first, length, .. } => (first, 0, length),
            Piece::Part { index, start, length, .. } => (index, start, length),
        };
        let step = self.transfer.moves.moves()[index];
        if matches!(piece, Piece::Gathered { count, .. } if count > 1)
            && matches!(self.transfer.sources[step.from], Disk::File(_))
        {
            return Ok(Begun { piece, coming: Coming::Scattered(buffer) });
        }
        let reading = self.sources[step.from].begin_read(step.source + start, length, buffer);
        let reading = reading.map_err(|failure| failure.at(Place::Source(step.from)))?;
        Ok(Begun { piece, coming: Coming::Together(reading) })
    }

    /// Does a piece whose bytes have come or are coming, and gives its buffer back unless that is still to be written.
    fn do_piece(&mut self, Begun { piece, coming }: Begun) -> Result<Option<AlignedBuffer>, Failure> {
        let (index, length) = match piece {
            Piece::Gathered { first, length, .. } => (first, length),
            Piece::Part { index, length, .. } => (index, length),
        };
        let buffer = match (coming, piece) {
            (Coming::Scattered(buffer), Piece::Gathered { first, count, .. }) => {
                self.read_scattered(first, count, buffer)?
            }
            (Coming::Together(reading), _) => {
                let from = self.transfer.moves.moves()[index].from;
                let read = self.sources[from].finish_read(reading);
                read.map_err(|failure| failure.at(Place::Source(from)))?
            }
            // only what is gathered comes from several places
            (Coming::Scattered(_), Piece::Part { .. }) => return Err(Failure::new(Cause::Panicked)),
        };
        let data = &buffer[..length];
        #[cfg(test)]
        crate::faults::panic_at(data);
        let writes = match piece {
            Piece::Gathered { first, count, .. } => self.gathered(first, count, data)?,
            Piece::Part { index, start, last, .. } => self.part(index, start, last, data)?,
        };
        let free = self.write(buffer, writes)?;
        self.transfer.control.advance(length as u64);
        Ok(free)
    }

    /// Reads moves into a buffer one behind another, those that lie together by one read.
    fn read_scattered(
        &mut self,
        first: usize,
        count: usize,
        mut buffer: AlignedBuffer,
    ) -> Result<AlignedBuffer, Failure> {
        let mut at = 0;
        let lies_together =
            |one: &Move, next: &Move| one.from == next.from && one.source + one.length == next.source;
        for run in self.transfer.moves.moves()[first..first + count].chunk_by(lies_together) {
            let length: usize = run.iter().map(|step| step.length as usize).sum();
            let Disk::File(file) = &self.transfer.sources[run[0].from] else {
                return Err(Failure::new(Cause::Panicked));
            };
            let read = file.read(run[0].source, &mut buffer[at..at + length]);
            read.map_err(|failure| failure.at(Place::Source(run[0].from)))?;
            at += length;
        }
        Ok(buffer)
    }

    fn gathered(&mut self, first: usize, count: usize, data: &[u8]) -> Result<Writes, Failure> {
        let moves = &self.transfer.moves.moves()[first..first + count];
        let mut zeros = Vec::new();
        let mut at = 0;
        for (index, step) in (first..).zip(moves) {
            let end = at + step.length as usize;
            if self.transfer.digest {
                self.found.digests.push((index, blake3::hash(&data[at..end]).into()));
            }
            self.find_zeros(index, 0, &data[at..end], at, &mut zeros);
            at = end;
        }
        self.place(moves[0].destination, data.len(), &zeros)
    }

    fn part(&mut self, index: usize, start: u64, last: bool, data: &[u8]) -> Result<Writes, Failure> {
        if self.transfer.digest {
            self.hasher.update(data);
        }
        let mut zeros = Vec::new();
        self.find_zeros(index, start, data, 0, &mut zeros);
        if last && self.transfer.digest {
            self.found.digests.push((index, self.hasher.finalize().into()));
            self.hasher.reset();
        }
        self.place(self.transfer.moves.moves()[index].destination + start, data.len(), &zeros)
    }

    /// Notes the zeros of `data`, which is `start` of move `index` and lies at `at` of the buffer; `zeros` gets their
    /// places in the buffer, those that touch as one.
    fn find_zeros(
        &mut self,
        index: usize,
        start: u64,
        data: &[u8],
        at: usize,
        zeros: &mut Vec<(usize, usize)>,
    ) {
        for_each_run(data, self.transfer.piece_bytes, |from, to, zero| {
            if !zero {
                return;
            }
            self.found.zeros.push(ZeroRun { index, start: start + from as u64, length: (to - from) as u64 });
            match zeros.last_mut() {
                Some(last) if last.1 == at + from => last.1 = at + to,
                _ => zeros.push((at + from, at + to)),
            }
        });
    }

    /// Where the parts of a buffer go whose first `length` bytes belong at `destination`; `zeros` of it become what the
    /// transfer wants of them.
    fn place(
        &mut self,
        destination: u64,
        length: usize,
        zeros: &[(usize, usize)],
    ) -> Result<Writes, Failure> {
        let left_out: usize = zeros.iter().map(|(from, to)| to - from).sum();
        let mut packed = match self.packer {
            Some(packer) => {
                Some(packer.place(destination, length as u64, left_out as u64, &self.transfer.control)?)
            }
            None => None,
        };
        let mut writes = Writes::new();
        let mut start = 0;
        for &(from, to) in zeros.iter().chain([&(length, length)]) {
            if from > start {
                writes.push((packed.unwrap_or(destination + start as u64), start..from));
            }
            packed = packed.map(|at| at + (from - start) as u64);
            if to > from && self.transfer.zeros == Zeros::Write {
                self.zero(destination + from as u64, (to - from) as u64)?;
            }
            start = to;
        }
        Ok(writes)
    }

    /// Does the writes, or begins them; then the buffer comes back later.
    fn write(&mut self, buffer: AlignedBuffer, writes: Writes) -> Result<Option<AlignedBuffer>, Failure> {
        if let Some(behind) = self.behind.as_mut().filter(|_| !writes.is_empty()) {
            return Ok(behind.write(buffer, writes));
        }
        for (offset, range) in writes {
            self.target.write(offset, &buffer[range]).map_err(|failure| failure.at(Place::Target))?;
        }
        Ok(Some(buffer))
    }

    fn zero(&mut self, offset: u64, length: u64) -> Result<(), Failure> {
        let mut at = offset;
        while at < offset + length {
            let rest = offset + length - at;
            at = self.target.zero(at, rest).map_err(|failure| failure.at(Place::Target))?;
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<(), Failure> {
        while let Some(buffer) = self.behind.as_mut().and_then(WriteBehind::wait) {
            self.spare.push(buffer);
        }
        self.target.settle().map_err(|failure| failure.at(Place::Target))
    }
}
