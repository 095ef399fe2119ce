use crate::failure::{Cause, Failure};

/// Reads big-endian fields of a message whose length is known.
pub struct Fields<'a> {
    rest: &'a [u8],
    /// What is said of a message that is too short or too long.
    violation: &'static str,
}

impl<'a> Fields<'a> {
    pub fn new(message: &'a [u8], violation: &'static str) -> Self {
        Fields { rest: message, violation }
    }

    pub fn u16(&mut self) -> Result<u16, Failure> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    pub fn u32(&mut self) -> Result<u32, Failure> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    pub fn u64(&mut self) -> Result<u64, Failure> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Fails unless all was taken.
    pub fn end(&self) -> Result<(), Failure> {
        if self.rest.is_empty() { Ok(()) } else { Err(violation(self.violation)) }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Failure> {
        let (field, rest) = self.rest.split_first_chunk().ok_or(violation(self.violation))?;
        self.rest = rest;
        Ok(*field)
    }
}

/// The failure of a server that broke the protocol. `what` is one of a fixed set of phrases, never words of the server.
pub fn violation(what: &'static str) -> Failure {
    Failure::new(Cause::Protocol(what))
}
