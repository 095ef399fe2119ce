use crate::failure::{Cause, Failure};
use crate::nbd::endpoint::Address;
use crate::nbd::wait::{SLICE, Wait};
use socket2::{Domain, SockAddr, Socket as Raw, Type};
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::thread;
use std::time::Duration;

/// How long to wait before asking again a unix socket whose queue of clients is full.
const BUSY: Duration = Duration::from_millis(10);

/// A connected stream socket. Each call waits a slice at most (`WouldBlock`), so that a wait can be ended.
pub struct Socket {
    raw: Raw,
}

impl Socket {
    /// Connects to the first address that answers.
    pub fn connect(address: &Address, wait: &Wait) -> Result<Self, Failure> {
        match address {
            Address::Unix(path) => {
                let address = SockAddr::unix(path).map_err(|error| Failure::system(&error))?;
                Self::connect_to(Domain::UNIX, &address, wait)
            }
            Address::Tcp(addresses) => {
                let mut last = Failure::new(Cause::System(libc::EHOSTUNREACH));
                for address in addresses {
                    match Self::connect_to(Domain::for_address(*address), &(*address).into(), wait) {
                        Err(failure @ Failure { cause: Cause::System(_), .. }) => last = failure,
                        settled => return settled,
                    }
                }
                Err(last)
            }
        }
    }

    fn connect_to(domain: Domain, address: &SockAddr, wait: &Wait) -> Result<Self, Failure> {
        let system = |error: io::Error| Failure::system(&error);
        let raw = Raw::new(domain, Type::STREAM, None).map_err(system)?;
        raw.set_nonblocking(true).map_err(system)?;
        loop {
            wait.check()?;
            match raw.connect(address).map_err(|error| (error.raw_os_error(), error)) {
                Ok(()) | Err((Some(libc::EISCONN), _)) => break,
                Err((Some(libc::EAGAIN), _)) => thread::sleep(BUSY),
                Err((Some(libc::EINPROGRESS | libc::EALREADY | libc::EINTR), _)) => {
                    if poll(&raw, libc::POLLOUT, SLICE)? {
                        let failed = raw.take_error().map_err(system)?;
                        failed.map_or(Ok(()), |error| Err(Failure::system(&error)))?;
                    }
                }
                Err((_, error)) => return Err(Failure::system(&error)),
            }
        }
        raw.set_nonblocking(false).map_err(system)?;
        raw.set_read_timeout(Some(SLICE)).map_err(system)?;
        raw.set_write_timeout(Some(SLICE)).map_err(system)?;
        if domain != Domain::UNIX {
            raw.set_tcp_nodelay(true).map_err(system)?;
        }
        Ok(Socket { raw })
    }

    /// What has come; with `all`, waits for as much as fits, a slice at most.
    pub fn receive(&self, into: &mut [u8], all: bool) -> io::Result<usize> {
        let flags = if all { libc::MSG_WAITALL } else { 0 };
        // SAFETY: the kernel writes at most `into.len()` bytes to `into`, and the socket is open as long as `self`.
        let count = unsafe { libc::recv(self.raw.as_raw_fd(), into.as_mut_ptr().cast(), into.len(), flags) };
        usize::try_from(count).map_err(|_| io::Error::last_os_error())
    }

    pub fn descriptor(&self) -> i32 {
        self.raw.as_raw_fd()
    }
}

impl Read for Socket {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.receive(into, false)
    }
}

impl Write for Socket {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        #[cfg(target_os = "linux")]
        return self.raw.send_with_flags(data, libc::MSG_NOSIGNAL);
        #[cfg(not(target_os = "linux"))]
        return self.raw.send(data);
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Waits for one of these events, `slice` at most.
fn poll(socket: &Raw, events: i16, slice: Duration) -> Result<bool, Failure> {
    let mut entry = libc::pollfd { fd: socket.as_raw_fd(), events, revents: 0 };
    poll_all(std::slice::from_mut(&mut entry), Some(slice))?;
    Ok(entry.revents != 0)
}

/// Waits for an event of any entry; without a time for as long as it takes.
pub fn poll_all(entries: &mut [libc::pollfd], time: Option<Duration>) -> Result<(), Failure> {
    let milliseconds = time.map_or(-1, |time| i32::try_from(time.as_millis()).unwrap_or(i32::MAX));
    // SAFETY: `entries` points to that many entries, which the kernel reads and writes during the call only.
    let count = unsafe { libc::poll(entries.as_mut_ptr(), entries.len() as libc::nfds_t, milliseconds) };
    match count {
        0.. => Ok(()),
        _ => match Failure::last() {
            Failure { cause: Cause::System(libc::EINTR), .. } => Ok(()),
            failure => Err(failure),
        },
    }
}
