use crate::failure::Failure;
use crate::nbd::codes::{Command, EXTENDED_REQUEST_MAGIC, FLAG_PAYLOAD_LENGTH, REQUEST_MAGIC, Style};
use crate::nbd::cover::Cover;

/// One request as it is sent.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    pub command: Command,
    pub flags: u16,
    pub offset: u64,
    pub length: u64,
}

impl Request {
    /// The bytes of the request, without its data.
    pub fn encode(&self, cookie: u64, style: Style, into: &mut Vec<u8>) {
        let extended = style == Style::Extended;
        let payload = if extended && self.command == Command::Write { FLAG_PAYLOAD_LENGTH } else { 0 };
        let magic = if extended { EXTENDED_REQUEST_MAGIC } else { REQUEST_MAGIC };
        into.extend(magic.to_be_bytes());
        into.extend((self.flags | payload).to_be_bytes());
        into.extend((self.command as u16).to_be_bytes());
        into.extend(cookie.to_be_bytes());
        into.extend(self.offset.to_be_bytes());
        if extended {
            into.extend(self.length.to_be_bytes());
        } else {
            into.extend((self.length as u32).to_be_bytes());
        }
    }

    pub fn end(&self) -> u64 {
        self.offset + self.length
    }
}

/// A request that the server owes an answer for.
pub struct Pending {
    pub request: Request,
    /// The call that it is a part of.
    pub ticket: u64,
    /// Where its bytes begin in the buffer of the call.
    pub position: usize,
    /// Parts of a read that came.
    pub cover: Cover,
    /// Whether the status of the context came.
    pub told: bool,
    /// The first error that came.
    pub failure: Option<Failure>,
    /// Chunks that came.
    pub chunks: u64,
}

impl Pending {
    pub fn new(request: Request, ticket: u64, position: usize) -> Self {
        let cover = Cover::default();
        Pending { request, ticket, position, cover, told: false, failure: None, chunks: 0 }
    }

    /// Where these bytes of the disk are in the buffer of the call.
    pub fn place(&self, start: u64, end: u64) -> std::ops::Range<usize> {
        let at = |offset: u64| self.position + (offset - self.request.offset) as usize;
        at(start)..at(end)
    }
}
