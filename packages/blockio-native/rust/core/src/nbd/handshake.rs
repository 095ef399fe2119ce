use crate::failure::{Cause, Failure};
use crate::nbd::bytes::{Fields, violation};
use crate::nbd::codes::*;
use crate::nbd::endpoint::Endpoint;
use crate::nbd::session::{BlockSizes, Session};
use crate::nbd::wait::Wait;
use crate::nbd::wire::Wire;

/// Longest data of one reply to an option: a name, and room for as many contexts as anyone asks for.
const MAX_REPLY_BYTES: u32 = 64 * 1024;
/// Replies to `go` besides the last: a handful of kinds of information, and some that are not known.
const MAX_INFOS: usize = 64;
/// Padding behind the answer to the oldest option.
const PADDING_BYTES: u64 = 124;
/// The largest size that the callers of this crate can count: 2^53 - 1.
const MAX_SIZE: u64 = (1 << 53) - 1;

/// An option that a server answered with an error, by the type of that.
type Refused = u32;

/// Goes from the greeting to the transmission: by TLS when that is wanted, and never without it then; in the best form of
/// replies that the server knows.
pub fn negotiate(wire: Wire, endpoint: &Endpoint, wait: &mut Wait) -> Result<(Wire, Session), Failure> {
    let mut talk = Talk { wire, wait };
    let padded = talk.greet()?;
    if let Some(tls) = &endpoint.tls {
        talk.ask(OPTION_START_TLS, &[], None)?.map_err(|_| Failure::new(Cause::NoTls))?;
        talk.wire = talk.wire.secure(tls, talk.wait)?;
    }
    let style = talk.agree_on_style().map_err(|failure| match failure.cause {
        // with TLS 1.3 a client learns only now that its certificate was refused, and QEMU and nbdkit say it by hanging up
        Cause::System(libc::ECONNRESET | libc::EPIPE) if endpoint.tls.is_some() => {
            Failure::new(Cause::HungUpAfterTls)
        }
        _ => failure,
    })?;
    let allocation = if style == Style::Simple { None } else { talk.select_allocation(&endpoint.export)? };
    let (size, flags, sizes) = talk.enter(&endpoint.export, padded)?;
    if size > MAX_SIZE {
        return Err(Failure::new(Cause::TooLarge));
    }
    Ok((talk.wire, Session { size, flags, sizes, style, allocation }))
}

struct Talk<'t, 'w> {
    wire: Wire,
    wait: &'t mut Wait<'w>,
}

impl Talk<'_, '_> {
    /// Whether the answer to the oldest option comes with padding.
    fn greet(&mut self) -> Result<bool, Failure> {
        let mut greeting = [0; 18];
        self.wire.fill(&mut greeting, self.wait)?;
        let mut fields = Fields::new(&greeting, "a greeting of a wrong length");
        if fields.u64()? != GREETING_MAGIC {
            return Err(violation("no greeting of an NBD server"));
        }
        if fields.u64()? != OPTION_MAGIC {
            return Err(violation("the oldstyle handshake, which is not supported"));
        }
        let flags = fields.u16()?;
        if flags & FIXED_NEWSTYLE == 0 {
            return Err(violation("a handshake that is not fixed newstyle"));
        }
        let answer = u32::from(FIXED_NEWSTYLE | (flags & NO_ZEROES));
        self.wire.send(&answer.to_be_bytes(), self.wait)?;
        Ok(flags & NO_ZEROES == 0)
    }

    fn agree_on_style(&mut self) -> Result<Style, Failure> {
        for (option, style) in
            [(OPTION_EXTENDED_HEADERS, Style::Extended), (OPTION_STRUCTURED_REPLY, Style::Structured)]
        {
            match self.ask(option, &[], None)? {
                Ok(_) => return Ok(style),
                Err(refused @ (ERROR_TLS_REQUIRED | ERROR_SHUTDOWN)) => return Err(refusal(refused)),
                Err(_) => {}
            }
        }
        Ok(Style::Simple)
    }

    /// The number of context `base:allocation`; none where the server does not know it, or the export, which the next
    /// option tells better.
    fn select_allocation(&mut self, export: &str) -> Result<Option<u32>, Failure> {
        let name = ALLOCATION_CONTEXT.as_bytes();
        let data = [string(export), 1_u32.to_be_bytes().to_vec(), string(ALLOCATION_CONTEXT)].concat();
        let Ok(replies) = self.ask(OPTION_SET_META_CONTEXT, &data, Some((REPLY_META_CONTEXT, 1)))? else {
            return Ok(None);
        };
        let Some(reply) = replies.first() else { return Ok(None) };
        let mut fields = Fields::new(reply, "a context of a wrong length");
        let id = fields.u32()?;
        if fields.rest() == name { Ok(Some(id)) } else { Err(violation("a context that was not asked for")) }
    }

    fn enter(&mut self, export: &str, padded: bool) -> Result<(u64, ExportFlags, BlockSizes), Failure> {
        let infos = [1, INFO_BLOCK_SIZE].map(u16::to_be_bytes).concat();
        let data = [string(export), infos].concat();
        match self.ask(OPTION_GO, &data, Some((REPLY_INFO, MAX_INFOS)))? {
            Ok(replies) => describe(&replies),
            Err(ERROR_UNSUPPORTED) => self.enter_old(export, padded),
            Err(refused) => Err(refusal(refused)),
        }
    }

    /// By the oldest option, which has no error reply: a server that does not know the export hangs up.
    fn enter_old(&mut self, export: &str, padded: bool) -> Result<(u64, ExportFlags, BlockSizes), Failure> {
        self.send_option(OPTION_EXPORT_NAME, export.as_bytes())?;
        let mut answer = [0; 10];
        self.wire.fill(&mut answer, self.wait).map_err(|failure| match failure.cause {
            Cause::System(libc::ECONNRESET) => refusal(ERROR_UNKNOWN),
            _ => failure,
        })?;
        if padded {
            self.wire.skip(PADDING_BYTES, self.wait)?;
        }
        let mut fields = Fields::new(&answer, "an answer of a wrong length");
        Ok((fields.u64()?, ExportFlags(fields.u16()?), BlockSizes::UNNAMED))
    }

    fn send_option(&mut self, option: u32, data: &[u8]) -> Result<(), Failure> {
        let length = (data.len() as u32).to_be_bytes();
        let message = [&OPTION_MAGIC.to_be_bytes()[..], &option.to_be_bytes(), &length, data].concat();
        self.wire.send(&message, self.wait)
    }

    /// Asks an option. Gives the data of the replies of the type that is expected, up to the last; or how it was refused.
    fn ask(
        &mut self,
        option: u32,
        data: &[u8],
        expected: Option<(u32, usize)>,
    ) -> Result<Result<Vec<Vec<u8>>, Refused>, Failure> {
        self.send_option(option, data)?;
        let mut replies = Vec::new();
        loop {
            let (reply, body) = self.reply(option)?;
            match reply {
                REPLY_ACK if body.is_empty() => return Ok(Ok(replies)),
                REPLY_ACK => return Err(violation("an acknowledgement with data")),
                reply if reply & REPLY_ERROR != 0 => return Ok(Err(reply)),
                reply => match expected {
                    Some((wanted, most)) if wanted == reply && replies.len() < most => replies.push(body),
                    Some((wanted, _)) if wanted == reply => {
                        return Err(violation("an answer without an end"));
                    }
                    _ => return Err(violation("an answer of another kind")),
                },
            }
        }
    }

    fn reply(&mut self, option: u32) -> Result<(u32, Vec<u8>), Failure> {
        let mut header = [0; 20];
        self.wire.fill(&mut header, self.wait)?;
        let mut fields = Fields::new(&header, "a reply of a wrong length");
        if fields.u64()? != OPTION_REPLY_MAGIC {
            return Err(violation("a reply to an option without its magic"));
        }
        if fields.u32()? != option {
            return Err(violation("an answer to another option"));
        }
        let (reply, length) = (fields.u32()?, fields.u32()?);
        if length > MAX_REPLY_BYTES {
            return Err(violation("an answer that is too long"));
        }
        let mut body = vec![0; length as usize];
        self.wire.fill(&mut body, self.wait)?;
        Ok((reply, body))
    }
}

fn describe(replies: &[Vec<u8>]) -> Result<(u64, ExportFlags, BlockSizes), Failure> {
    let mut entered = None;
    let mut sizes = BlockSizes::UNNAMED;
    for reply in replies {
        let mut fields = Fields::new(reply, "information of a wrong length");
        match fields.u16()? {
            INFO_EXPORT => {
                entered = Some((fields.u64()?, ExportFlags(fields.u16()?)));
                fields.end()?;
            }
            INFO_BLOCK_SIZE => {
                let checked = BlockSizes::checked(fields.u32()?, fields.u32()?, fields.u32()?);
                sizes = checked.ok_or(violation("impossible block sizes"))?;
                fields.end()?;
            }
            _ => {}
        }
    }
    let (size, flags) = entered.ok_or(violation("an export without a size"))?;
    Ok((size, flags, sizes))
}

fn refusal(reply: Refused) -> Failure {
    Failure::new(Cause::OptionRefused(reply))
}

fn string(text: &str) -> Vec<u8> {
    [&(text.len() as u32).to_be_bytes()[..], text.as_bytes()].concat()
}
