use crate::aligned_buffer::AlignedBuffer;
use crate::control::Control;
use crate::extents::{Extent, Extents};
use crate::failure::{Cause, Failure};
use crate::nbd::bytes::violation;
use crate::nbd::codes::Command;
use crate::nbd::codes::Style;
use crate::nbd::connection::{Connection, Done, MAX_UNDERWAY, Run};
use crate::nbd::endpoint::Endpoint;
use crate::nbd::export::another;
use crate::nbd::owed::Owed;
use crate::nbd::session::Session;
use crate::nbd::socket::poll_all;
use crate::transfer::contained;
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Where a server knows no zeroes, they are sent.
static ZEROS: [u8; 1024 * 1024] = [0; 1024 * 1024];

/// Longest question for the status without 64-bit headers.
const MAX_SHORT_LENGTH: u64 = u32::MAX as u64;

/// What is asked of an export.
pub enum Call {
    Read {
        offset: u64,
        length: usize,
    },
    Write {
        offset: u64,
        data: Box<dyn AsRef<[u8]> + Send>,
    },
    Zero {
        offset: u64,
        length: u64,
    },
    Flush,
    /// Holes and data of a range, about as many as `limit`.
    Extents {
        offset: u64,
        end: u64,
        limit: usize,
    },
}

impl Call {
    /// The failure of a call that the server was sent, at least in part, and has not answered.
    fn lost(&self, failure: Failure) -> Failure {
        match self {
            Call::Write { .. } | Call::Zero { .. } | Call::Flush => failure.left_open(),
            Call::Read { .. } | Call::Extents { .. } => failure,
        }
    }
}

/// What a call gives.
#[derive(Default)]
pub struct Reply {
    /// Of a read.
    pub buffer: Option<AlignedBuffer>,
    pub extents: Vec<Extent>,
}

/// Is told how a call ended, on a thread of the connection.
pub type Answer = Box<dyn FnOnce(Result<Reply, Failure>) + Send>;

/// An open export: calls go to the connection with the fewest of them, and are done there side by side.
pub struct Client {
    session: Session,
    lines: Vec<Arc<Line>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Client {
    /// Connects, and again up to `connections` times where the server allows that: where more fail, fewer do.
    pub fn open(endpoint: &Endpoint, connections: usize, control: &Control) -> Result<Self, Failure> {
        let first = Connection::open(endpoint, control)?;
        let session = first.session;
        let more = if session.flags.multi_connection() { connections.saturating_sub(1) } else { 0 };
        let mut all = vec![first];
        for _ in 0..more {
            match another(endpoint, &session, control) {
                Ok(connection) => all.push(connection),
                Err(failure @ Failure { cause: Cause::Aborted | Cause::Protocol(_), .. }) => {
                    return Err(failure);
                }
                Err(_) => break,
            }
        }
        let started: Vec<_> = all.into_iter().map(Line::start).collect::<Result<_, _>>()?;
        let (lines, threads) = started.into_iter().unzip();
        Ok(Client { session, lines, threads: Mutex::new(threads) })
    }

    pub fn size(&self) -> u64 {
        self.session.size
    }

    /// Reads and writes begin and end on multiples of this, or at the end.
    pub fn alignment(&self) -> u32 {
        self.session.sizes.minimum
    }

    pub fn is_read_only(&self) -> bool {
        self.session.flags.read_only()
    }

    /// Whether what was written can be made durable.
    pub fn can_flush(&self) -> bool {
        self.session.flags.flush() || self.session.flags.fua()
    }

    /// Whether the server tells which ranges are zeros.
    pub fn tells_zeros(&self) -> bool {
        self.session.allocation.is_some()
    }

    /// Whether another connection sees what is written here, and the other way round.
    pub fn is_shared(&self) -> bool {
        self.session.flags.multi_connection()
    }

    /// Begins a call. Its answer comes once, also when the connection breaks or is closed before.
    pub fn submit(&self, call: Call, answer: Answer) {
        match self.lines.iter().min_by_key(|line| line.load.load(Ordering::Relaxed)) {
            Some(line) => line.submit(call, Owed::new(answer)),
            None => answer(Err(Failure::new(Cause::Aborted))),
        }
    }

    /// Ends the connections: calls under way fail.
    pub fn close(&self) {
        self.lines.iter().for_each(|line| line.close());
    }

    /// The same, and waits until every call has its answer.
    pub fn end(&self) {
        self.close();
        let threads: Vec<_> = self.threads.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect();
        for thread in threads {
            let _ = thread.join();
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.close();
    }
}

/// Calls that wait for their connection, and why there will be none.
#[derive(Default)]
struct Queue {
    calls: VecDeque<(Call, Owed)>,
    ended: Option<Failure>,
}

/// The queue before the thread of one connection.
struct Line {
    queue: Mutex<Queue>,
    /// Calls without an answer.
    load: AtomicUsize,
    closed: Control,
    /// A byte wakes the thread while it waits for its server. It goes with the thread, however long the line is held.
    waker: Mutex<Option<UnixStream>>,
}

/// A call under way: its parts on the connection, in turn.
struct Running {
    ticket: u64,
    call: Call,
    answer: Owed,
    /// Extents so far; their end is also how far a call has come that is done in parts.
    found: Extents,
}

impl Line {
    fn start(connection: Connection) -> Result<(Arc<Self>, JoinHandle<()>), Failure> {
        let system = |error: std::io::Error| Failure::system(&error);
        let (waker, woken) = UnixStream::pair().map_err(system)?;
        waker.set_nonblocking(true).map_err(system)?;
        woken.set_nonblocking(true).map_err(system)?;
        let line = Arc::new(Line {
            queue: Mutex::default(),
            load: AtomicUsize::new(0),
            closed: Control::default(),
            waker: Mutex::new(Some(waker)),
        });
        let work = line.clone();
        let run = move || work.run(connection, woken);
        let thread = thread::Builder::new().name("sendense-nbd".into()).spawn(run).map_err(system)?;
        Ok((line, thread))
    }

    fn submit(&self, call: Call, answer: Owed) {
        let mut queue = self.queue();
        if let Some(failure) = queue.ended {
            drop(queue);
            return answer.give(Err(failure));
        }
        self.load.fetch_add(1, Ordering::Relaxed);
        queue.calls.push_back((call, answer));
        drop(queue);
        self.wake();
    }

    fn close(&self) {
        self.closed.cancel();
        self.wake();
    }

    /// A pipe that is full wakes as well.
    fn wake(&self) {
        if let Some(waker) = &mut *self.waker.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = waker.write(&[1]);
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, answer: Owed, result: Result<Reply, Failure>) {
        self.load.fetch_sub(1, Ordering::Relaxed);
        answer.give(result);
    }

    /// Serves until it is closed. After a failure of the connection every call gets that failure.
    fn run(&self, mut connection: Connection, woken: UnixStream) {
        let mut running = Vec::new();
        let served = contained(|| self.serve(&mut connection, &mut running, &woken));
        let failure = served.err().unwrap_or(Failure::new(Cause::Aborted));
        drop(connection);
        self.waker.lock().unwrap_or_else(PoisonError::into_inner).take();
        for Running { answer, call, .. } in running {
            self.answer(answer, Err(call.lost(failure)));
        }
        let left = {
            let mut queue = self.queue();
            queue.ended = Some(failure);
            std::mem::take(&mut queue.calls)
        };
        for (_, answer) in left {
            self.answer(answer, Err(failure));
        }
    }

    fn serve(
        &self,
        connection: &mut Connection,
        running: &mut Vec<Running>,
        woken: &UnixStream,
    ) -> Result<(), Failure> {
        let mut heard = Instant::now();
        loop {
            self.closed.check()?;
            if connection.underway() == 0 {
                heard = Instant::now();
            }
            while connection.underway() < MAX_UNDERWAY {
                let Some((call, answer)) = self.queue().calls.pop_front() else { break };
                self.begin(connection, running, call, answer)?;
            }
            self.end(connection, running)?;
            if connection.underway() == 0 && !self.queue().calls.is_empty() {
                continue;
            }
            if connection.underway() > 0 && connection.holds_bytes() {
                connection.receive(&self.closed)?;
                heard = Instant::now();
                continue;
            }
            let left = connection.silence().saturating_sub(heard.elapsed());
            let owes = connection.underway() > 0;
            if owes && left.is_zero() {
                return Err(Failure::new(Cause::Silent));
            }
            // a millisecond more than is left, for the clock of the kernel is coarser
            let time = owes.then(|| left + Duration::from_millis(1));
            let [server, _] = wait_for(&[connection.descriptor(), woken.as_raw_fd()], time)?;
            drain(woken);
            // with no answer due this finds out that the server has gone
            if server {
                connection.receive(&self.closed)?;
                heard = Instant::now();
            }
        }
    }

    fn begin(
        &self,
        connection: &mut Connection,
        running: &mut Vec<Running>,
        call: Call,
        answer: Owed,
    ) -> Result<(), Failure> {
        let start =
            if let Call::Extents { offset, .. } | Call::Zero { offset, .. } = call { offset } else { 0 };
        let found = Extents { extents: Vec::new(), end: start };
        if matches!(call, Call::Flush) && !connection.session.flags.flush() {
            // every change was durable by itself
            self.answer(answer, Ok(Reply::default()));
            return Ok(());
        }
        let mut next = Running { ticket: 0, call, answer, found };
        match self.ask(connection, &mut next) {
            Ok(ticket) => {
                next.ticket = ticket;
                running.push(next);
                Ok(())
            }
            Err(failure) => self.refuse(next, failure),
        }
    }

    /// Answers a call that could not be begun or gone on with; fails where it is not the call that is wrong.
    fn refuse(&self, Running { call, answer, .. }: Running, failure: Failure) -> Result<(), Failure> {
        let ended = of_the_call(failure);
        self.answer(answer, Err(if ended.is_ok() { failure } else { call.lost(failure) }));
        ended
    }

    /// Begins a call, or the next part of it.
    fn ask(&self, connection: &mut Connection, running: &mut Running) -> Result<u64, Failure> {
        let Session { flags, size, sizes, style, .. } = connection.session;
        let durable = flags.fua() && !flags.flush();
        let stop = &self.closed;
        match &running.call {
            Call::Read { offset, length } => {
                connection.begin_read(*offset, *length, AlignedBuffer::new(*length)?, stop)
            }
            Call::Write { .. } | Call::Zero { .. } if flags.read_only() => Err(Failure::new(Cause::ReadOnly)),
            Call::Write { offset, data } => connection.begin_write(*offset, (**data).as_ref(), durable, stop),
            Call::Zero { offset, length } if flags.write_zeroes() => {
                connection.begin_effect(Command::WriteZeroes, (*offset, *length), durable, stop)
            }
            Call::Zero { offset, length } => {
                let step = (offset + length - running.found.end).min(ZEROS.len() as u64);
                connection.begin_write(running.found.end, &ZEROS[..step as usize], durable, stop)
            }
            Call::Flush => connection.begin_effect(Command::Flush, (0, 0), false, stop),
            Call::Extents { end, .. } => {
                if connection.session.allocation.is_none() {
                    return Err(Failure::new(Cause::NoStatus));
                }
                let unit = u64::from(sizes.minimum);
                let start = running.found.end / unit * unit;
                let whole = end.div_ceil(unit).saturating_mul(unit).min(size).saturating_sub(start);
                let most = if style == Style::Extended { whole } else { MAX_SHORT_LENGTH / unit * unit };
                connection.begin_status(start, whole.min(most), stop)
            }
        }
    }

    /// Answers the calls that have ended, and goes on with those that have not wholly.
    fn end(&self, connection: &mut Connection, running: &mut Vec<Running>) -> Result<(), Failure> {
        let mut index = 0;
        while index < running.len() {
            let Some(ended) = connection.take_ended(running[index].ticket) else {
                index += 1;
                continue;
            };
            let mut call = running.swap_remove(index);
            let before = call.found.end;
            match ended {
                Ok(done) if call.is_partial(&connection.session, &done) => {
                    let asked = call.check_progress(before).and_then(|()| self.ask(connection, &mut call));
                    match asked {
                        Ok(ticket) => {
                            call.ticket = ticket;
                            running.push(call);
                        }
                        Err(failure) => self.refuse(call, failure)?,
                    }
                }
                ended => {
                    let extents = call.found.extents;
                    self.answer(call.answer, ended.map(|Done { buffer, .. }| Reply { buffer, extents }));
                }
            }
        }
        Ok(())
    }
}

impl Running {
    /// Whether there is more to ask, after this.
    fn is_partial(&mut self, session: &Session, done: &Done) -> bool {
        match self.call {
            Call::Zero { offset, length } if !session.flags.write_zeroes() => {
                self.found.end = (offset + length).min(self.found.end + ZEROS.len() as u64);
                self.found.end < offset + length
            }
            Call::Extents { end, limit, .. } => {
                self.take_runs(u64::from(session.sizes.minimum), end, &done.runs);
                self.found.end < end && self.found.extents.len() < limit
            }
            _ => false,
        }
    }

    /// A server that tells of nothing new would be asked for ever.
    fn check_progress(&self, before: u64) -> Result<(), Failure> {
        if self.found.end > before {
            return Ok(());
        }
        Err(violation("block status that does not reach the range asked for"))
    }

    /// The range may be off the grid of the server: more was asked for then, and is cut.
    fn take_runs(&mut self, unit: u64, end: u64, runs: &[Run]) {
        let mut at = self.found.end / unit * unit;
        for &(length, hole) in runs {
            at += length;
            if at > self.found.end && self.found.end < end {
                self.found.push(at.min(end), hole);
            }
        }
    }
}

/// Nothing when the call was wrong and not the connection.
fn of_the_call(failure: Failure) -> Result<(), Failure> {
    match failure.cause {
        Cause::Unaligned | Cause::ReadOnly | Cause::NoStatus => Ok(()),
        _ => Err(failure),
    }
}

/// Waits until one of these has something, or the time is over.
fn wait_for<const N: usize>(descriptors: &[i32; N], time: Option<Duration>) -> Result<[bool; N], Failure> {
    let mut entries = descriptors.map(|fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 });
    poll_all(&mut entries, time)?;
    Ok(entries.map(|entry| entry.revents != 0))
}

/// Takes the bytes that woke a thread.
fn drain(woken: &UnixStream) {
    let mut bytes = [0; 64];
    while (&mut { woken }).read(&mut bytes).is_ok_and(|count| count > 0) {}
}
