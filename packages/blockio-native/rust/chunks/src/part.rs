use std::ops::Deref;

/// Bytes of one chunk or frame: the end of what they were made in, so that nothing is copied to leave out its start.
#[derive(Debug, PartialEq, Eq)]
pub struct Part {
    bytes: Vec<u8>,
    start: usize,
}

impl Part {
    /// All of `bytes` from `start` on.
    pub fn new(bytes: Vec<u8>, start: usize) -> Self {
        Part { bytes, start }
    }
}

impl Deref for Part {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}
