use crate::failure::{Cause, Failure};
use crate::nbd::bytes::{Fields, violation};
use crate::nbd::codes::*;
use crate::nbd::connection::Connection;
use crate::nbd::request::Pending;
use crate::nbd::wait::Wait;

/// A reply may come in parts of 512 bytes, as the protocol suggests; smaller ones are tolerated in small reads only.
const SPARE_CHUNKS: u64 = 1024;
/// Descriptors in one chunk of block status; the protocol asks servers not to send more.
const MAX_DESCRIPTORS: u64 = 1 << 20;
/// Most bytes of an error: a message, an offset, and room for fields that a later protocol adds.
const MAX_ERROR_BYTES: u64 = 14 + 4096 + 1024;

/// The header of one part of a reply.
struct Chunk {
    flags: u16,
    kind: u16,
    length: u64,
}

impl Connection {
    /// Takes one reply, or one chunk of one. What it says is checked against its request before a byte of it is taken.
    pub(super) fn take_message(&mut self, wait: &mut Wait) -> Result<(), Failure> {
        let mut header = [0; 16];
        self.wire.fill_header(&mut header, wait)?;
        let mut fields = Fields::new(&header, "a reply of a wrong length");
        let magic = fields.u32()?;
        let word = fields.u32()?;
        let cookie = fields.u64()?;
        let simple = match magic {
            SIMPLE_REPLY_MAGIC => true,
            STRUCTURED_REPLY_MAGIC if self.session.style == Style::Structured => false,
            EXTENDED_REPLY_MAGIC if self.session.style == Style::Extended => false,
            STRUCTURED_REPLY_MAGIC | EXTENDED_REPLY_MAGIC => {
                return Err(violation("a reply in a form that was not agreed on"));
            }
            _ => return Err(violation("a reply with an unknown magic")),
        };
        let Some(mut pending) = self.pending.remove(&cookie) else {
            return Err(violation("an answer to a request that was not made"));
        };
        let ended = if simple {
            self.take_simple(word, &mut pending, wait)?;
            true
        } else {
            let chunk = self.chunk(word, &mut pending, wait)?;
            self.take_chunk(&chunk, &mut pending, wait)?;
            chunk.flags & CHUNK_DONE != 0
        };
        if !ended {
            self.pending.insert(cookie, pending);
            return Ok(());
        }
        if !simple {
            check_end(&pending)?;
        }
        self.answered(&pending);
        match pending.failure {
            // the protocol asks clients to leave a server that is shutting down
            Some(failure @ Failure { cause: Cause::Replied(ESHUTDOWN), .. }) => Err(failure),
            _ => Ok(()),
        }
    }

    fn take_simple(&mut self, errno: u32, pending: &mut Pending, wait: &mut Wait) -> Result<(), Failure> {
        let command = pending.request.command;
        let allowed = match self.session.style {
            Style::Simple => true,
            Style::Structured => command != Command::Read,
            Style::Extended => false,
        };
        if !allowed || command == Command::BlockStatus {
            return Err(violation("a simple reply where a structured one is due"));
        }
        if errno != 0 {
            pending.failure = Some(Failure::new(Cause::Replied(errno)));
        } else if command == Command::Read {
            let (start, end) = (pending.request.offset, pending.request.end());
            self.take_data(pending, start, end, wait)?;
        }
        Ok(())
    }

    /// The rest of the header of a chunk.
    fn chunk(&mut self, word: u32, pending: &mut Pending, wait: &mut Wait) -> Result<Chunk, Failure> {
        let mut rest = [0; 16];
        let extended = self.session.style == Style::Extended;
        let rest = &mut rest[..if extended { 16 } else { 4 }];
        self.wire.fill_header(rest, wait)?;
        let mut fields = Fields::new(rest, "a chunk of a wrong length");
        if extended && fields.u64()? != pending.request.offset {
            return Err(violation("a chunk for another offset than its request"));
        }
        let length = if extended { fields.u64()? } else { u64::from(fields.u32()?) };
        let chunk = Chunk { flags: (word >> 16) as u16, kind: word as u16, length };
        pending.chunks += 1;
        let data = if pending.request.command == Command::Read { pending.request.length } else { 0 };
        if pending.chunks > SPARE_CHUNKS + data / 512 {
            return Err(violation("a reply in too many chunks"));
        }
        Ok(chunk)
    }

    fn take_chunk(&mut self, chunk: &Chunk, pending: &mut Pending, wait: &mut Wait) -> Result<(), Failure> {
        let reads = pending.request.command == Command::Read;
        let asks = pending.request.command == Command::BlockStatus;
        match chunk.kind {
            kind if kind & CHUNK_ERROR != 0 => self.take_error(chunk, pending, wait),
            CHUNK_NONE if chunk.length == 0 && chunk.flags & CHUNK_DONE != 0 => Ok(()),
            CHUNK_NONE => Err(violation("an empty chunk that is not the last, or has data")),
            CHUNK_DATA if reads && chunk.length > 8 && chunk.length - 8 <= pending.request.length => {
                let mut offset = [0; 8];
                self.wire.fill_header(&mut offset, wait)?;
                let start = u64::from_be_bytes(offset);
                let end = place(pending, start, chunk.length - 8)?;
                self.take_data(pending, start, end, wait)
            }
            CHUNK_HOLE if reads && chunk.length == 12 => {
                let mut hole = [0; 12];
                self.wire.fill_header(&mut hole, wait)?;
                let mut fields = Fields::new(&hole, "a hole of a wrong length");
                let (start, length) = (fields.u64()?, u64::from(fields.u32()?));
                let end = place(pending, start, length)?;
                if let Some(mut buffer) = self.lend_buffer(pending.ticket) {
                    buffer[pending.place(start, end)].fill(0);
                    self.return_buffer(pending.ticket, buffer);
                }
                Ok(())
            }
            CHUNK_STATUS if asks && self.session.style == Style::Structured => {
                self.take_status(chunk, pending, wait)
            }
            CHUNK_STATUS_EXTENDED if asks && self.session.style == Style::Extended => {
                self.take_status(chunk, pending, wait)
            }
            _ => Err(violation("a chunk that does not answer its request")),
        }
    }

    /// Data goes straight into the buffer of its read.
    fn take_data(&mut self, pending: &Pending, start: u64, end: u64, wait: &mut Wait) -> Result<(), Failure> {
        let Some(mut buffer) = self.lend_buffer(pending.ticket) else {
            return self.wire.skip(end - start, wait);
        };
        let filled = self.wire.fill(&mut buffer[pending.place(start, end)], wait);
        self.return_buffer(pending.ticket, buffer);
        filled
    }

    fn take_error(&mut self, chunk: &Chunk, pending: &mut Pending, wait: &mut Wait) -> Result<(), Failure> {
        const WRONG: &str = "an error of a wrong length";
        if !(6..=MAX_ERROR_BYTES).contains(&chunk.length) {
            return Err(violation(WRONG));
        }
        let payload = self.payload(chunk, wait)?;
        let mut fields = Fields::new(&payload, WRONG);
        let errno = fields.u32()?;
        let message = usize::from(fields.u16()?);
        let rest = fields.rest().get(message..).ok_or(violation(WRONG))?;
        if errno == 0 {
            return Err(violation("an error that says success"));
        }
        if chunk.kind == CHUNK_ERROR_OFFSET {
            let offset = Fields::new(rest, WRONG).u64()?;
            if !(pending.request.offset..pending.request.end()).contains(&offset) {
                return Err(violation("an error outside of its request"));
            }
        }
        pending.failure = pending.failure.or(Some(Failure::new(Cause::Replied(errno))));
        Ok(())
    }

    /// All runs but the last end within the request; the last may go on, up to the end of the export.
    fn take_status(&mut self, chunk: &Chunk, pending: &mut Pending, wait: &mut Wait) -> Result<(), Failure> {
        const WRONG: &str = "block status of a wrong length";
        let extended = self.session.style == Style::Extended;
        let (start, size) = if extended { (8, 16) } else { (4, 8) };
        let descriptors = chunk.length.saturating_sub(start);
        if descriptors == 0 || !descriptors.is_multiple_of(size) || descriptors / size > MAX_DESCRIPTORS {
            return Err(violation(WRONG));
        }
        let payload = self.payload(chunk, wait)?;
        let mut fields = Fields::new(&payload, WRONG);
        if Some(fields.u32()?) != self.session.allocation || pending.told {
            return Err(violation("block status of a context that was not asked for, or twice"));
        }
        if extended && u64::from(fields.u32()?) != descriptors / size {
            return Err(violation(WRONG));
        }
        let mut runs = Vec::with_capacity((descriptors / size) as usize);
        let mut covered = 0_u64;
        for _ in 0..descriptors / size {
            let (length, flags) = if extended {
                (fields.u64()?, fields.u64()?)
            } else {
                (u64::from(fields.u32()?), u64::from(fields.u32()?))
            };
            if length == 0 || covered >= pending.request.length {
                return Err(violation("block status of no length, or beyond the range asked for"));
            }
            covered = covered.saturating_add(length);
            runs.push((length, flags & ALLOCATION_ZERO != 0));
        }
        if covered > self.session.size - pending.request.offset {
            return Err(violation("block status beyond the end of the export"));
        }
        pending.told = true;
        self.add_runs(pending.ticket, runs);
        Ok(())
    }

    /// A payload whose length was checked; it grows only as its bytes come.
    fn payload(&mut self, chunk: &Chunk, wait: &mut Wait) -> Result<Vec<u8>, Failure> {
        const PART: usize = 64 * 1024;
        let mut payload = Vec::new();
        while payload.len() < chunk.length as usize {
            let start = payload.len();
            payload.resize((start + PART).min(chunk.length as usize), 0);
            self.wire.fill(&mut payload[start..], wait)?;
        }
        Ok(payload)
    }
}

/// The protocol's number for a server that is shutting down.
const ESHUTDOWN: u32 = 108;

/// Checks that a part lies in the read and was not sent before; gives its end.
fn place(pending: &mut Pending, start: u64, length: u64) -> Result<u64, Failure> {
    let end = start.checked_add(length).filter(|&end| end <= pending.request.end());
    match end {
        Some(end) if start >= pending.request.offset && length > 0 => {
            if pending.cover.add(start, end) {
                Ok(end)
            } else {
                Err(violation("the same data twice"))
            }
        }
        _ => Err(violation("data outside of its read")),
    }
}

/// A reply that ends with success has told all that was asked.
fn check_end(pending: &Pending) -> Result<(), Failure> {
    let request = &pending.request;
    match request.command {
        _ if pending.failure.is_some() => Ok(()),
        Command::Read if !pending.cover.is_exactly(request.offset, request.end()) => {
            Err(violation("success of a read without all of its data"))
        }
        Command::BlockStatus if !pending.told => Err(violation("success of a question without an answer")),
        _ => Ok(()),
    }
}
