use crate::failure::{Cause, Failure};
use crate::nbd::socket::Socket;
use crate::nbd::tls::{Tls, tls_failure};
use crate::nbd::wait::Wait;
use rustls::{ClientConnection, StreamOwned};
use std::io::{self, BufReader, Read, Write};

/// Bytes taken from a TLS socket at once; records have 16 KiB.
const TLS_READ_BYTES: usize = 128 * 1024;
/// Bytes taken at once while the header of a reply is awaited.
const INBOX_BYTES: usize = 4096;

/// A socket whose reads are gathered: TLS reads by little pieces.
struct Gathered {
    reader: BufReader<Socket>,
}

impl Read for Gathered {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.reader.read(into)
    }
}

impl Write for Gathered {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.reader.get_mut().write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

enum Stream {
    Plain(Socket),
    Secure(Box<StreamOwned<ClientConnection, Gathered>>),
}

/// Bytes to and from a server, of which a caller takes exactly as many as it names.
pub struct Wire {
    stream: Stream,
    inbox: Vec<u8>,
    /// Where what is not taken of the inbox begins.
    taken: usize,
}

impl Wire {
    pub fn new(socket: Socket) -> Self {
        Wire { stream: Stream::Plain(socket), inbox: Vec::new(), taken: 0 }
    }

    /// Goes over to TLS. Bytes that came in the clear behind the switch are taken for TLS, which they are not.
    pub fn secure(self, tls: &Tls, wait: &mut Wait) -> Result<Self, Failure> {
        let Stream::Plain(socket) = self.stream else {
            return Err(Failure::new(Cause::Protocol("a second TLS")));
        };
        let connection = ClientConnection::new(tls.config.clone(), tls.server_name.clone());
        let mut connection = connection.map_err(|_| Failure::new(Cause::Tls("ERR_SSL_PROTOCOL_ERROR")))?;
        let mut socket = Gathered { reader: BufReader::with_capacity(TLS_READ_BYTES, socket) };
        while connection.is_handshaking() {
            if let Err(error) = connection.complete_io(&mut socket) {
                retry(&error, wait)?;
            }
        }
        let stream = Stream::Secure(Box::new(StreamOwned::new(connection, socket)));
        Ok(Wire { stream, inbox: self.inbox, taken: self.taken })
    }

    /// The next bytes, as many as fit, and none beyond them taken from the server.
    pub fn fill(&mut self, into: &mut [u8], wait: &mut Wait) -> Result<(), Failure> {
        let mut at = self.take(into);
        while at < into.len() {
            at += self.some(&mut into[at..], true, wait)?;
        }
        Ok(())
    }

    /// The next bytes; what comes with them is kept.
    pub fn fill_header(&mut self, into: &mut [u8], wait: &mut Wait) -> Result<(), Failure> {
        let mut at = self.take(into);
        while at < into.len() {
            let mut inbox = std::mem::take(&mut self.inbox);
            inbox.resize(INBOX_BYTES, 0);
            let count = self.some(&mut inbox, false, wait)?;
            inbox.truncate(count);
            (self.inbox, self.taken) = (inbox, 0);
            at += self.take(&mut into[at..]);
        }
        Ok(())
    }

    /// Takes the next `length` bytes and forgets them.
    pub fn skip(&mut self, length: u64, wait: &mut Wait) -> Result<(), Failure> {
        let mut part = [0; 1024];
        let mut left = length;
        while left > 0 {
            let count = left.min(part.len() as u64) as usize;
            self.fill(&mut part[..count], wait)?;
            left -= count as u64;
        }
        Ok(())
    }

    pub fn send(&mut self, data: &[u8], wait: &mut Wait) -> Result<(), Failure> {
        let mut at = 0;
        while at < data.len() {
            match self.write(&data[at..]) {
                Ok(count) => {
                    at += count;
                    wait.progressed();
                    // a server may take it by drops
                    if at < data.len() {
                        wait.check()?;
                    }
                }
                Err(error) => self.go_on(&error, wait)?,
            }
        }
        // what TLS keeps goes out with it
        while let Stream::Secure(stream) = &mut self.stream {
            match stream.flush() {
                Ok(()) => break,
                Err(error) => self.go_on(&error, wait)?,
            }
        }
        Ok(())
    }

    /// Sends what can be sent at once, to say goodbye.
    pub fn try_send(&mut self, data: &[u8]) {
        let _ = self.write(data);
        if let Stream::Secure(stream) = &mut self.stream {
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    }

    /// Whether bytes are here already, which the socket will not tell of.
    pub fn holds_bytes(&mut self) -> bool {
        let held = match &mut self.stream {
            Stream::Plain(_) => false,
            Stream::Secure(stream) => {
                let state = stream.conn.process_new_packets();
                // what is wrong with them is found by taking them
                let plain = state.map_or(true, |state| state.plaintext_bytes_to_read() > 0);
                plain || !stream.sock.reader.buffer().is_empty()
            }
        };
        held || self.taken < self.inbox.len()
    }

    pub fn descriptor(&self) -> i32 {
        match &self.stream {
            Stream::Plain(socket) => socket.descriptor(),
            Stream::Secure(stream) => stream.sock.reader.get_ref().descriptor(),
        }
    }

    fn take(&mut self, into: &mut [u8]) -> usize {
        let held = &self.inbox[self.taken..];
        let count = held.len().min(into.len());
        into[..count].copy_from_slice(&held[..count]);
        self.taken += count;
        count
    }

    /// At least one byte.
    fn some(&mut self, into: &mut [u8], all: bool, wait: &mut Wait) -> Result<usize, Failure> {
        loop {
            let read = match &mut self.stream {
                Stream::Plain(socket) => socket.receive(into, all),
                Stream::Secure(stream) => stream.read(into),
            };
            match read {
                Ok(0) => return Err(Failure::new(Cause::System(libc::ECONNRESET))),
                Ok(count) => {
                    wait.progressed();
                    wait.check()?;
                    return Ok(count);
                }
                Err(error) => self.go_on(&error, wait)?,
            }
        }
    }

    /// After an error: nothing when the call only has to be repeated.
    fn go_on(&mut self, error: &io::Error, wait: &Wait) -> Result<(), Failure> {
        retry(error, wait).map_err(|failure| self.last_words().unwrap_or(failure))
    }

    /// Why a server ended a TLS session: it may have said so just before it hung up.
    fn last_words(&mut self) -> Option<Failure> {
        let Stream::Secure(stream) = &mut self.stream else { return None };
        let StreamOwned { conn, sock } = &mut **stream;
        while conn.wants_read() && conn.read_tls(sock).is_ok_and(|count| count > 0) {
            if let Err(error) = conn.process_new_packets() {
                return Some(tls_failure(&io::Error::other(error)));
            }
        }
        None
    }

    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match &mut self.stream {
            Stream::Plain(socket) => socket.write(data),
            Stream::Secure(stream) => stream.write(data),
        }
    }
}

/// Nothing when the call only has to be repeated.
fn retry(error: &io::Error, wait: &Wait) -> Result<(), Failure> {
    match wait.go_on(error) {
        Err(Failure { cause: Cause::System(_), .. }) => Err(tls_failure(error)),
        settled => settled,
    }
}
