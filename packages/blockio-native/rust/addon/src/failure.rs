use napi_derive::napi;
use sendense_blockio::{Cause, Failure, Place};

/// A failure as it crosses: a word, and numbers that go with it.
#[napi(object, object_from_js = false)]
pub struct NativeFailure {
    /// `system`, `shortened`, `is-device`, `wrong-kind`, `out-of-range`, `aborted` or `panicked`.
    pub cause: &'static str,
    /// With `system`: the errno.
    pub errno: Option<i32>,
    /// With `out-of-range`: the index of the move.
    pub move_index: Option<f64>,
    /// Which source it is about; -1 is the target.
    pub endpoint: Option<i32>,
}

impl From<Failure> for NativeFailure {
    fn from(Failure { cause, place }: Failure) -> Self {
        let (word, errno, move_index) = match cause {
            Cause::System(errno) => ("system", Some(errno), None),
            Cause::Shortened => ("shortened", None, None),
            Cause::IsDevice => ("is-device", None, None),
            Cause::WrongKind => ("wrong-kind", None, None),
            Cause::OutOfRange(index) => ("out-of-range", None, Some(index as f64)),
            Cause::Aborted => ("aborted", None, None),
            Cause::Panicked => ("panicked", None, None),
        };
        let endpoint = place.map(|place| match place {
            Place::Source(index) => i32::try_from(index).unwrap_or(i32::MAX),
            Place::Target => -1,
        });
        NativeFailure { cause: word, errno, move_index, endpoint }
    }
}
