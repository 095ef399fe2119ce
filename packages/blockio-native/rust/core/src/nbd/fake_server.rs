use crate::control::Control;
use crate::failure::Failure;
use crate::nbd::codes::*;
use crate::nbd::{Address, Answer, Endpoint, Patience};
use crate::scratch::Scratch;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

/// How long a server that lied waits for its client.
const BENT: Duration = Duration::from_millis(25);

/// Numbers that look random, by a seed.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % sides.max(1)
    }
}

/// What an honest server would say, and how it is bent.
#[derive(Clone, Copy)]
pub struct Manners {
    pub style: Style,
    pub size: u64,
    pub flags: u16,
    pub sizes: Option<(u32, u32, u32)>,
    /// With a seed, some of what is sent is damaged, cut, repeated or made up.
    pub damage: Option<u64>,
    /// Stops to answer after so many requests, and stays.
    pub silent_after: usize,
    /// Stops to answer after so many requests, and hangs up.
    pub gone_after: usize,
    /// Takes nothing any more after so many requests, and stays.
    pub deaf_after: usize,
    /// Answers requests in the opposite order, by pairs.
    pub backwards: bool,
    /// Waits before each answer.
    pub slow: Duration,
    /// Counts requests that came whole, and those that were answered.
    pub counts: Option<&'static [AtomicUsize; 2]>,
}

impl Manners {
    pub fn honest(style: Style) -> Self {
        Manners {
            style,
            size: 8 * 1024 * 1024,
            // flush, FUA, trim, write zeroes, several connections
            flags: 1 | 1 << 2 | 1 << 3 | 1 << 5 | 1 << 6 | 1 << 8,
            sizes: None,
            damage: None,
            silent_after: usize::MAX,
            gone_after: usize::MAX,
            deaf_after: usize::MAX,
            backwards: false,
            slow: Duration::ZERO,
            counts: None,
        }
    }
}

/// The byte of the disk at an offset: a quarter of it is zeros, by 64 KiB.
pub fn byte_at(offset: u64) -> u8 {
    if (offset >> 16).is_multiple_of(4) { 0 } else { (offset ^ (offset >> 8)) as u8 | 1 }
}

/// A server in this process. It reads as `byte_at` says and forgets what is written.
pub struct FakeServer {
    _scratch: Scratch,
    path: PathBuf,
    stopped: Arc<AtomicBool>,
}

impl FakeServer {
    pub fn start(manners: Manners) -> Self {
        let scratch = Scratch::new();
        let path = scratch.path("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let stopped = Arc::new(AtomicBool::new(false));
        let ended = stopped.clone();
        thread::spawn(move || {
            for (index, stream) in listener.incoming().enumerate() {
                let Some(stream) = stream.ok().filter(|_| !ended.load(Ordering::Relaxed)) else { return };
                thread::spawn(move || Peer::new(stream, manners, index as u64).serve());
            }
        });
        FakeServer { _scratch: scratch, path, stopped }
    }

    pub fn endpoint(&self) -> Endpoint {
        let [handshake, silence, after_abort] = [5, 5, 5].map(Duration::from_secs);
        let patience = Patience { handshake, silence, after_abort };
        Endpoint { address: Address::Unix(self.path.clone()), export: "disk".into(), tls: None, patience }
    }

    /// The same with little patience once it is connected: to connect may take a while on a busy machine.
    pub fn hasty(&self, silence: u64) -> Endpoint {
        let time = Duration::from_millis(silence);
        let endpoint = self.endpoint();
        let patience = Patience { silence: time, after_abort: time, ..endpoint.patience };
        Endpoint { patience, ..endpoint }
    }

    /// The same with little patience from the start.
    pub fn hasty_at_once(&self, silence: u64) -> Endpoint {
        let endpoint = self.hasty(silence);
        let patience = Patience { handshake: endpoint.patience.silence, ..endpoint.patience };
        Endpoint { patience, ..endpoint }
    }

    /// The same, where a stop does not wait long for answers.
    pub fn fleeting(&self) -> Endpoint {
        let endpoint = self.endpoint();
        let patience = Patience { after_abort: Duration::from_millis(50), ..endpoint.patience };
        Endpoint { patience, ..endpoint }
    }
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // wakes the listener
        let _ = UnixStream::connect(&self.path);
    }
}

pub fn nobody_stops() -> Arc<Control> {
    Arc::default()
}

/// An answer that is sent on, as far as anybody listens.
pub fn tell(sender: Sender<Result<(), Failure>>) -> Answer {
    Box::new(move |reply| _ = sender.send(reply.map(drop)))
}

struct Peer {
    stream: UnixStream,
    manners: Manners,
    dice: Dice,
}

type Said = std::io::Result<()>;

impl Peer {
    fn new(stream: UnixStream, manners: Manners, index: u64) -> Self {
        let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
        let _ = stream.set_write_timeout(Some(Duration::from_secs(10)));
        let dice = Dice::new(manners.damage.unwrap_or(0).wrapping_add(index << 32));
        Peer { stream, manners, dice }
    }

    fn serve(mut self) {
        let _ = self.talk();
    }

    fn talk(&mut self) -> Said {
        let greeting =
            [&GREETING_MAGIC.to_be_bytes()[..], &OPTION_MAGIC.to_be_bytes(), &3_u16.to_be_bytes()].concat();
        self.say(&greeting)?;
        self.take(4)?;
        while !self.option()? {}
        let mut held = Vec::new();
        let mut count = 0;
        loop {
            if count == self.manners.gone_after {
                return Ok(());
            }
            if count == self.manners.deaf_after {
                thread::sleep(Duration::from_secs(10));
            }
            let extended = self.manners.style == Style::Extended;
            let header = self.take(if extended { 32 } else { 28 })?;
            let command = u16::from_be_bytes([header[6], header[7]]);
            let cookie: [u8; 8] = header[8..16].try_into().unwrap();
            let offset = u64::from_be_bytes(header[16..24].try_into().unwrap());
            let length = if extended {
                u64::from_be_bytes(header[24..32].try_into().unwrap())
            } else {
                u64::from(u32::from_be_bytes(header[24..28].try_into().unwrap()))
            };
            match command {
                2 => return Ok(()),
                1 => drop(self.take(length as usize)?),
                _ => {}
            }
            count += 1;
            self.count(0);
            if count > self.manners.silent_after {
                continue;
            }
            let reply = self.reply(command, cookie, offset, length);
            thread::sleep(self.manners.slow);
            self.count(1);
            if self.manners.backwards && held.is_empty() {
                held = reply;
            } else {
                self.say(&reply)?;
                self.say(&std::mem::take(&mut held))?;
            }
        }
    }

    fn count(&self, which: usize) {
        if let Some(counts) = self.manners.counts {
            counts[which].fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Whether the transmission begins.
    fn option(&mut self) -> std::io::Result<bool> {
        let header = self.take(16)?;
        let option = u32::from_be_bytes(header[8..12].try_into().unwrap());
        let length = u32::from_be_bytes(header[12..16].try_into().unwrap());
        self.take(length as usize)?;
        let reply = |kind: u32, data: &[u8]| {
            let length = (data.len() as u32).to_be_bytes();
            [&OPTION_REPLY_MAGIC.to_be_bytes()[..], &option.to_be_bytes(), &kind.to_be_bytes(), &length, data]
                .concat()
        };
        let style = self.manners.style;
        let known = match option {
            OPTION_EXTENDED_HEADERS => style == Style::Extended,
            OPTION_STRUCTURED_REPLY => style == Style::Structured,
            OPTION_SET_META_CONTEXT | OPTION_GO => true,
            _ => false,
        };
        if !known {
            self.say(&reply(ERROR_UNSUPPORTED, b"no"))?;
            return Ok(false);
        }
        if option == OPTION_SET_META_CONTEXT {
            let data = [&7_u32.to_be_bytes()[..], ALLOCATION_CONTEXT.as_bytes()].concat();
            self.say(&reply(REPLY_META_CONTEXT, &data))?;
        }
        if option == OPTION_GO {
            let Manners { size, flags, sizes, .. } = self.manners;
            let info = [&INFO_EXPORT.to_be_bytes()[..], &size.to_be_bytes(), &flags.to_be_bytes()].concat();
            self.say(&reply(REPLY_INFO, &info))?;
            if let Some((minimum, preferred, maximum)) = sizes {
                let words = [minimum, preferred, maximum].map(u32::to_be_bytes).concat();
                self.say(&reply(REPLY_INFO, &[&INFO_BLOCK_SIZE.to_be_bytes()[..], &words].concat()))?;
            }
        }
        self.say(&reply(REPLY_ACK, &[]))?;
        Ok(option == OPTION_GO)
    }

    fn reply(&self, command: u16, cookie: [u8; 8], offset: u64, length: u64) -> Vec<u8> {
        let data = || (offset..offset + length).map(byte_at).collect::<Vec<u8>>();
        if self.manners.style == Style::Simple {
            let payload = if command == 0 { data() } else { Vec::new() };
            return [&SIMPLE_REPLY_MAGIC.to_be_bytes()[..], &[0; 4], &cookie, &payload].concat();
        }
        match command {
            0 => {
                // in two chunks, the second first, and zeros as a hole
                let middle = offset + length / 2;
                let part = |from: u64, to: u64, done: u16| {
                    let bytes: Vec<u8> = (from..to).map(byte_at).collect();
                    if bytes.iter().all(|&byte| byte == 0) && !bytes.is_empty() {
                        let hole = [&from.to_be_bytes()[..], &((to - from) as u32).to_be_bytes()].concat();
                        return self.chunk(cookie, offset, (done, CHUNK_HOLE), &hole);
                    }
                    let data = [&from.to_be_bytes()[..], &bytes].concat();
                    self.chunk(cookie, offset, (done, CHUNK_DATA), &data)
                };
                if length < 2 {
                    return part(offset, offset + length, CHUNK_DONE);
                }
                [part(middle, offset + length, 0), part(offset, middle, CHUNK_DONE)].concat()
            }
            7 => self.status(cookie, offset, length),
            _ => self.chunk(cookie, offset, (CHUNK_DONE, CHUNK_NONE), &[]),
        }
    }

    fn status(&self, cookie: [u8; 8], offset: u64, length: u64) -> Vec<u8> {
        let mut runs = Vec::new();
        let mut at = offset;
        while at < offset + length && runs.len() < 5 {
            let end = ((at >> 16) + 1) << 16;
            runs.push((end.min(self.manners.size) - at, u64::from(byte_at(at) == 0) * 3));
            at = end;
        }
        let extended = self.manners.style == Style::Extended;
        let mut payload = 7_u32.to_be_bytes().to_vec();
        if extended {
            payload.extend((runs.len() as u32).to_be_bytes());
        }
        for (length, flags) in runs {
            if extended {
                payload.extend(length.to_be_bytes());
                payload.extend(flags.to_be_bytes());
            } else {
                payload.extend((length as u32).to_be_bytes());
                payload.extend((flags as u32).to_be_bytes());
            }
        }
        let kind = if extended { CHUNK_STATUS_EXTENDED } else { CHUNK_STATUS };
        self.chunk(cookie, offset, (CHUNK_DONE, kind), &payload)
    }

    fn chunk(&self, cookie: [u8; 8], offset: u64, (flags, kind): (u16, u16), payload: &[u8]) -> Vec<u8> {
        let extended = self.manners.style == Style::Extended;
        let magic = if extended { EXTENDED_REPLY_MAGIC } else { STRUCTURED_REPLY_MAGIC };
        let mut chunk = magic.to_be_bytes().to_vec();
        chunk.extend(flags.to_be_bytes());
        chunk.extend(kind.to_be_bytes());
        chunk.extend(cookie);
        if extended {
            chunk.extend(offset.to_be_bytes());
            chunk.extend((payload.len() as u64).to_be_bytes());
        } else {
            chunk.extend((payload.len() as u32).to_be_bytes());
        }
        chunk.extend(payload);
        chunk
    }

    fn take(&mut self, length: usize) -> std::io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Sends a message, bent in one of ten cases.
    fn say(&mut self, message: &[u8]) -> Said {
        let mut message = message.to_vec();
        if self.manners.damage.is_some() && !message.is_empty() && self.dice.roll(10) == 0 {
            self.bend(&mut message);
            // both may wait for each other from now on: this side ends that
            self.stream.set_read_timeout(Some(BENT))?;
        }
        self.stream.write_all(&message)
    }

    fn bend(&mut self, message: &mut Vec<u8>) {
        // damage to headers says more than damage to data
        let at = self.dice.roll(message.len().min(48));
        match self.dice.roll(6) {
            0 => message[at] ^= 1 << self.dice.roll(8),
            1 => message[at] = 0xff,
            2 => message.truncate(at),
            3 => message.extend_from_within(..),
            4 => message[at..].fill(0),
            _ => message.insert(at, 0x80),
        }
    }
}
