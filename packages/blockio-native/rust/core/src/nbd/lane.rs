use crate::aligned_buffer::AlignedBuffer;
use crate::control::Control;
use crate::failure::{Cause, Failure};
use crate::nbd::codes::Command;
use crate::nbd::connection::Connection;
use crate::nbd::wait::AfterAbort;
use std::collections::VecDeque;

/// Where a server knows no zeroes, they are sent.
static ZEROS: [u8; 1024 * 1024] = [0; 1024 * 1024];
/// How much is made zero by one call at most, so that a caller can stop in between.
const ZERO_BYTES: u64 = 1024 * 1024 * 1024;

/// The way of one thread to an export: a connection of its own. Writes are answered while others are sent.
pub struct NbdLane<'a> {
    connection: Connection,
    control: &'a Control,
    /// Changes that were begun, in their order.
    changes: VecDeque<u64>,
}

impl<'a> NbdLane<'a> {
    pub fn new(connection: Connection, control: &'a Control) -> Self {
        NbdLane { connection, control, changes: VecDeque::new() }
    }

    pub fn begin_read(&mut self, offset: u64, length: usize, buffer: AlignedBuffer) -> Result<u64, Failure> {
        self.connection.begin_read(offset, length, buffer, self.control)
    }

    pub fn finish_read(&mut self, ticket: u64) -> Result<AlignedBuffer, Failure> {
        let done = self.connection.finish(ticket, self.control)?;
        done.buffer.ok_or(Failure::new(Cause::Panicked))
    }

    pub fn write(&mut self, offset: u64, data: &[u8]) -> Result<(), Failure> {
        self.check_writable()?;
        let (durable, stop) = (self.durable(), self.after_abort());
        let ticket = self.connection.begin_write(offset, data, durable, &stop)?;
        self.changes.push_back(ticket);
        self.take_ended()
    }

    pub fn zero(&mut self, offset: u64, length: u64) -> Result<u64, Failure> {
        self.check_writable()?;
        if !self.connection.session.flags.write_zeroes() {
            let step = length.min(ZEROS.len() as u64);
            self.write(offset, &ZEROS[..step as usize])?;
            return Ok(offset + step);
        }
        let range = (offset, length.min(ZERO_BYTES));
        let (durable, stop) = (self.durable(), self.after_abort());
        let ticket = self.connection.begin_effect(Command::WriteZeroes, range, durable, &stop)?;
        self.changes.push_back(ticket);
        self.take_ended()?;
        Ok(offset + range.1)
    }

    /// Waits until all changes are answered.
    pub fn settle(&mut self) -> Result<(), Failure> {
        let stop = self.after_abort();
        while let Some(&ticket) = self.changes.front() {
            self.connection.finish(ticket, &stop)?;
            self.changes.pop_front();
        }
        Ok(())
    }

    /// Waits until the server has answered every change that was begun: what it has not answered it may still do. That is
    /// given up when it is gone, when its silence is borne no longer, and soon after the caller asked to stop: it is noted
    /// then that the changes are open.
    pub fn give_up(&mut self) {
        let stop = self.after_abort();
        if self.connection.drain(&stop).is_err() {
            self.control.leave_open();
        }
    }

    /// Changes are waited for after a stop, too.
    fn after_abort(&self) -> AfterAbort<'a> {
        AfterAbort(self.control, self.connection.after_abort())
    }

    /// Where the server cannot flush, every change is made durable by itself.
    fn durable(&self) -> bool {
        let flags = self.connection.session.flags;
        flags.fua() && !flags.flush()
    }

    fn check_writable(&self) -> Result<(), Failure> {
        let read_only = self.connection.session.flags.read_only();
        if read_only { Err(Failure::new(Cause::ReadOnly)) } else { Ok(()) }
    }

    /// Learns of changes that have ended, so that a failure ends the transfer soon.
    fn take_ended(&mut self) -> Result<(), Failure> {
        while let Some(&ticket) = self.changes.front() {
            let Some(ended) = self.connection.take_ended(ticket) else { break };
            self.changes.pop_front();
            ended?;
        }
        Ok(())
    }
}
