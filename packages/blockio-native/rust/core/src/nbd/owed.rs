use crate::failure::{Cause, Failure};
use crate::nbd::client::{Answer, Reply};

/// An answer that somebody waits for. Where it is dropped instead of given, as by a panic, it tells of that.
pub struct Owed(Option<Answer>);

impl Owed {
    pub fn new(answer: Answer) -> Self {
        Owed(Some(answer))
    }

    pub fn give(mut self, result: Result<Reply, Failure>) {
        if let Some(answer) = self.0.take() {
            answer(result);
        }
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        if let Some(answer) = self.0.take() {
            answer(Err(Failure::new(Cause::Panicked)));
        }
    }
}
