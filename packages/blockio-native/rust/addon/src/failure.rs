use napi_derive::napi;
use sendense_blockio::{Cause, Failure, Place};

/// A failure as it crosses: a word, and numbers that go with it.
#[napi(object, object_from_js = false)]
pub struct NativeFailure {
    /// One of `NativeFailure['cause']` in `src/addon.ts`.
    pub cause: &'static str,
    /// With `system`: the errno.
    pub errno: Option<i32>,
    /// With `out-of-range` the index of the move; with `replied` and `refused` the number that the server gave.
    pub number: Option<f64>,
    /// With `protocol` and `tls`: a word or phrase of a fixed set.
    pub detail: Option<&'static str>,
    /// Which source it is about; -1 is the target.
    pub endpoint: Option<i32>,
    /// Whether a server has not answered a change that it was sent.
    pub open: bool,
}

impl From<Failure> for NativeFailure {
    fn from(Failure { cause, place, open }: Failure) -> Self {
        let (mut errno, mut number, mut detail) = (None, None, None);
        let cause = match cause {
            Cause::System(value) => {
                errno = Some(value);
                "system"
            }
            Cause::OutOfRange(index) => {
                number = Some(index as f64);
                "out-of-range"
            }
            Cause::Replied(value) => {
                number = Some(f64::from(value));
                "replied"
            }
            Cause::OptionRefused(value) => {
                number = Some(f64::from(value));
                "refused"
            }
            Cause::Protocol(phrase) => {
                detail = Some(phrase);
                "protocol"
            }
            Cause::Tls(word) => {
                detail = Some(word);
                "tls"
            }
            Cause::Shortened => "shortened",
            Cause::IsDevice => "is-device",
            Cause::WrongKind => "wrong-kind",
            Cause::Aborted => "aborted",
            Cause::Abandoned => "abandoned",
            Cause::Panicked => "panicked",
            Cause::NoTls => "no-tls",
            Cause::HungUpAfterTls => "hung-up-after-tls",
            Cause::NotInTime => "not-in-time",
            Cause::Silent => "silent",
            Cause::TooLarge => "too-large",
            Cause::NoStatus => "no-status",
            Cause::ReadOnly => "read-only",
            Cause::Unaligned => "unaligned",
        };
        let endpoint = place.map(|place| match place {
            Place::Source(index) => i32::try_from(index).unwrap_or(i32::MAX),
            Place::Target => -1,
        });
        NativeFailure { cause, errno, number, detail, endpoint, open }
    }
}
