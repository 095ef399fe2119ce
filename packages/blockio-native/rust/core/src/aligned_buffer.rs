use crate::failure::{Cause, Failure};
use std::ops::{Deref, DerefMut};
use std::ptr::{NonNull, null_mut};

/// Reads and writes past the page cache need memory on this grid.
pub const ALIGNMENT: usize = 4096;

/// A fixed buffer on the grid of memory pages. It is mapped by itself: what an allocator keeps for each thread that ended would
/// be many times what the threads of a transfer need.
pub struct AlignedBuffer {
    start: NonNull<u8>,
    length: usize,
}

// SAFETY: the buffer owns its memory, and is reached through & and &mut only.
unsafe impl Send for AlignedBuffer {}

impl AlignedBuffer {
    /// `length` zeroed bytes, at least one. Fails with ENOMEM instead of ending the process.
    pub fn new(length: usize) -> Result<Self, Failure> {
        let length = length.max(1);
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new private mapping without a file touches no memory that exists.
        let start =
            unsafe { libc::mmap(null_mut(), length, access, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0) };
        let no_memory = Failure::new(Cause::System(libc::ENOMEM));
        if start == libc::MAP_FAILED {
            return Err(no_memory);
        }
        let start = NonNull::new(start.cast()).ok_or(no_memory)?;
        Ok(AlignedBuffer { start, length })
    }
}

impl Deref for AlignedBuffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: `start` points to `length` initialised bytes that live as long as the buffer.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

impl DerefMut for AlignedBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `deref`; `&mut self` proves that nobody else looks.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }
}

impl Drop for AlignedBuffer {
    fn drop(&mut self) {
        // SAFETY: mapped by `new` with this length, and given back once.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.length) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lies_on_its_grid_and_is_zeroed() {
        let mut buffer = AlignedBuffer::new(10_000).unwrap();
        assert_eq!(buffer.as_ptr() as usize % ALIGNMENT, 0);
        assert!(buffer.iter().all(|&byte| byte == 0));
        buffer.fill(7);
        assert_eq!((buffer.len(), buffer[9_999]), (10_000, 7));
    }

    #[test]
    fn says_that_memory_is_short() {
        let failure = AlignedBuffer::new(isize::MAX as usize - ALIGNMENT).err().unwrap();
        assert_eq!(failure.cause, Cause::System(libc::ENOMEM));
    }
}
