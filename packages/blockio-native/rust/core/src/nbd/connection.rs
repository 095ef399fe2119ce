use crate::aligned_buffer::AlignedBuffer;
use crate::failure::{Cause, Failure};
use crate::nbd::codes::{Command, FLAG_FUA};
use crate::nbd::endpoint::{Endpoint, Patience};
use crate::nbd::handshake::negotiate;
use crate::nbd::request::{Pending, Request};
use crate::nbd::session::Session;
use crate::nbd::socket::Socket;
use crate::nbd::wait::{Stop, Wait};
use crate::nbd::wire::Wire;
use std::collections::HashMap;
use std::time::Duration;

/// Longest request that carries data: more than a round trip costs, little enough to have several under way.
const DATA_BYTES: u32 = 256 * 1024;
/// Longest request that carries none: servers do these at once, but some write zeros for them.
const EFFECT_BYTES: u32 = 128 * 1024 * 1024;
/// Requests under way: qemu serves 16 at once, more only wait there.
pub const MAX_UNDERWAY: usize = 16;

/// A run of block status: its length, and whether it reads as zeros.
pub type Run = (u64, bool);

/// What a call has or gives back.
#[derive(Default)]
pub struct Done {
    /// Of a read.
    pub buffer: Option<AlignedBuffer>,
    /// Of a question for the status.
    pub runs: Vec<Run>,
}

/// A call that was begun: it is made of one or more requests.
struct Begun {
    left: usize,
    failure: Option<Failure>,
    done: Done,
}

/// One connection in its transmission phase. Requests go out as they come; answers are matched by their cookie.
pub struct Connection {
    pub session: Session,
    pub(super) wire: Wire,
    pub(super) pending: HashMap<u64, Pending>,
    begun: HashMap<u64, Begun>,
    outbox: Vec<u8>,
    /// Cookie of the next request, and ticket of the next call.
    next: u64,
    patience: Patience,
    /// Why the connection is of no use any more.
    broken: Option<Failure>,
    /// Why nothing can be sent any more.
    mute: Option<Failure>,
}

impl Connection {
    /// Connects and negotiates. Fails with `NotInTime` when that takes too long.
    pub fn open(endpoint: &Endpoint, stop: &dyn Stop) -> Result<Self, Failure> {
        let mut wait = Wait::new(stop, endpoint.patience.handshake, Cause::NotInTime);
        let socket = Socket::connect(&endpoint.address, &wait)?;
        let (wire, session) = negotiate(Wire::new(socket), endpoint, &mut wait)?;
        Ok(Connection {
            session,
            wire,
            pending: HashMap::new(),
            begun: HashMap::new(),
            outbox: Vec::new(),
            next: 0,
            patience: endpoint.patience,
            broken: None,
            mute: None,
        })
    }

    /// The longest silence that is borne while an answer is due.
    pub fn silence(&self) -> Duration {
        self.patience.silence
    }

    /// How long changes are waited for once the caller asked to stop.
    pub fn after_abort(&self) -> Duration {
        self.patience.after_abort
    }

    /// Requests without an answer.
    pub fn underway(&self) -> usize {
        self.pending.len()
    }

    /// Begins to read `length` bytes at `offset` into the start of `buffer`.
    pub fn begin_read(
        &mut self,
        offset: u64,
        length: usize,
        buffer: AlignedBuffer,
        stop: &dyn Stop,
    ) -> Result<u64, Failure> {
        let request = Request { command: Command::Read, flags: 0, offset, length: length as u64 };
        self.begin(request, &[], Done { buffer: Some(buffer), ..Done::default() }, stop)
    }

    /// Begins to write `data` at `offset`; it may be changed when this has returned. `durable` asks for that by a flag.
    pub fn begin_write(
        &mut self,
        offset: u64,
        data: &[u8],
        durable: bool,
        stop: &dyn Stop,
    ) -> Result<u64, Failure> {
        let flags = if durable { FLAG_FUA } else { 0 };
        let request = Request { command: Command::Write, flags, offset, length: data.len() as u64 };
        self.begin(request, data, Done::default(), stop)
    }

    /// Begins a call without data: `WriteZeroes`, `Trim`, `Flush`.
    pub fn begin_effect(
        &mut self,
        command: Command,
        (offset, length): (u64, u64),
        durable: bool,
        stop: &dyn Stop,
    ) -> Result<u64, Failure> {
        let flags = if durable { FLAG_FUA } else { 0 };
        self.begin(Request { command, flags, offset, length }, &[], Done::default(), stop)
    }

    /// Begins to ask which parts of a range read as zeros. The answer may tell of less, or of more.
    pub fn begin_status(&mut self, offset: u64, length: u64, stop: &dyn Stop) -> Result<u64, Failure> {
        let request = Request { command: Command::BlockStatus, flags: 0, offset, length };
        self.begin(request, &[], Done::default(), stop)
    }

    /// Waits for the end of a call.
    pub fn finish(&mut self, ticket: u64, stop: &dyn Stop) -> Result<Done, Failure> {
        loop {
            if let Some(ended) = self.take_ended(ticket) {
                return ended;
            }
            self.receive(stop)?;
        }
    }

    /// Of a call that has ended: how.
    pub fn take_ended(&mut self, ticket: u64) -> Option<Result<Done, Failure>> {
        if self.begun.get(&ticket).is_none_or(|begun| begun.left > 0) {
            return None;
        }
        let Begun { failure, done, .. } = self.begun.remove(&ticket)?;
        Some(failure.map_or(Ok(done), Err))
    }

    /// Whether a message may be taken without waiting for the socket to have something.
    pub fn holds_bytes(&mut self) -> bool {
        self.wire.holds_bytes()
    }

    /// Of the socket, to wait for it together with other things.
    pub fn descriptor(&self) -> i32 {
        self.wire.descriptor()
    }

    /// Takes one message of the server. After a failure the connection is of no use.
    pub fn receive(&mut self, stop: &dyn Stop) -> Result<(), Failure> {
        self.alive()?;
        let mut wait = Wait::new(stop, self.patience.silence, Cause::Silent);
        self.take_message(&mut wait).inspect_err(|failure| self.broken = Some(*failure))
    }

    /// Takes answers until none is due.
    pub fn drain(&mut self, stop: &dyn Stop) -> Result<(), Failure> {
        while self.underway() > 0 {
            self.receive(stop)?;
        }
        Ok(())
    }

    fn alive(&self) -> Result<(), Failure> {
        self.broken.map_or(Ok(()), Err)
    }

    /// Cuts a call into requests and sends them, taking answers while too many are due.
    fn begin(&mut self, call: Request, data: &[u8], done: Done, stop: &dyn Stop) -> Result<u64, Failure> {
        self.mute.map_or(self.alive(), Err)?;
        self.check_range(&call)?;
        let step = match call.command {
            Command::Read | Command::Write => self.session.sizes.request_bytes(DATA_BYTES),
            Command::Trim | Command::WriteZeroes => {
                // these are not bounded by the longest payload
                let unit = u64::from(self.session.sizes.minimum);
                u64::from(EFFECT_BYTES) / unit * unit
            }
            _ => call.length.max(1),
        };
        let ticket = self.cookie();
        let left = call.length.div_ceil(step).max(1) as usize;
        self.begun.insert(ticket, Begun { left, failure: None, done });
        for index in 0..left as u64 {
            let offset = call.offset + index * step;
            let request = Request { offset, length: step.min(call.end() - offset), ..call };
            while self.underway() >= MAX_UNDERWAY {
                self.send_outbox(&[], stop)?;
                self.receive(stop)?;
            }
            let cookie = self.cookie();
            request.encode(cookie, self.session.style, &mut self.outbox);
            let position = (index * step) as usize;
            self.pending.insert(cookie, Pending::new(request, ticket, position));
            if !data.is_empty() {
                let part = &data[position..position + request.length as usize];
                // a request that was not wholly sent is never done, and never answered
                self.send_outbox(part, stop).inspect_err(|_| drop(self.pending.remove(&cookie)))?;
            }
        }
        self.send_outbox(&[], stop)?;
        Ok(ticket)
    }

    fn check_range(&self, call: &Request) -> Result<(), Failure> {
        let Session { size, sizes, .. } = self.session;
        let unit = u64::from(sizes.minimum);
        let inside = call.length <= size && call.offset <= size - call.length;
        let whole = call.offset.is_multiple_of(unit)
            && (call.length.is_multiple_of(unit) || call.offset + call.length == size);
        if inside && whole { Ok(()) } else { Err(Failure::new(Cause::Unaligned)) }
    }

    fn cookie(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn send_outbox(&mut self, data: &[u8], stop: &dyn Stop) -> Result<(), Failure> {
        if self.outbox.is_empty() {
            return Ok(());
        }
        let mut wait = Wait::new(stop, self.patience.silence, Cause::Silent);
        let sent = self.wire.send(&self.outbox, &mut wait).and_then(|()| self.wire.send(data, &mut wait));
        self.outbox.clear();
        // what was sent in part makes nonsense of what would follow; answers to what was sent before can still be taken
        sent.inspect_err(|failure| self.mute = Some(*failure))
    }

    /// Of the read that a request is a part of; it is given back by `return_buffer`.
    pub(super) fn lend_buffer(&mut self, ticket: u64) -> Option<AlignedBuffer> {
        self.begun.get_mut(&ticket)?.done.buffer.take()
    }

    pub(super) fn return_buffer(&mut self, ticket: u64, buffer: AlignedBuffer) {
        if let Some(begun) = self.begun.get_mut(&ticket) {
            begun.done.buffer = Some(buffer);
        }
    }

    pub(super) fn add_runs(&mut self, ticket: u64, runs: Vec<Run>) {
        if let Some(begun) = self.begun.get_mut(&ticket) {
            begun.done.runs = runs;
        }
    }

    /// Notes the end of one request.
    pub(super) fn answered(&mut self, pending: &Pending) {
        if let Some(begun) = self.begun.get_mut(&pending.ticket) {
            begun.left -= 1;
            begun.failure = begun.failure.or(pending.failure);
        }
    }
}

impl Drop for Connection {
    /// Says goodbye where no answer is due.
    fn drop(&mut self) {
        if self.broken.or(self.mute).is_none() && self.pending.is_empty() {
            let request = Request { command: Command::Disconnect, flags: 0, offset: 0, length: 0 };
            let mut message = Vec::new();
            request.encode(0, self.session.style, &mut message);
            self.wire.try_send(&message);
        }
    }
}
