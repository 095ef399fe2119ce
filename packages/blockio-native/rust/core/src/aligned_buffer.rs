use crate::failure::{Cause, Failure};
use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// Reads and writes past the page cache need memory on this grid.
pub const ALIGNMENT: usize = 4096;

/// A fixed buffer on the grid of memory pages.
pub struct AlignedBuffer {
    start: NonNull<u8>,
    layout: Layout,
}

// SAFETY: the buffer owns its memory, and is reached through & and &mut only.
unsafe impl Send for AlignedBuffer {}

impl AlignedBuffer {
    /// `length` zeroed bytes, at least one. Fails with ENOMEM instead of ending the process.
    pub fn new(length: usize) -> Result<Self, Failure> {
        let no_memory = Failure::new(Cause::System(libc::ENOMEM));
        let layout = Layout::from_size_align(length.max(1), ALIGNMENT).map_err(|_| no_memory)?;
        // SAFETY: the layout has a size above zero.
        let start = NonNull::new(unsafe { alloc_zeroed(layout) }).ok_or(no_memory)?;
        Ok(AlignedBuffer { start, layout })
    }
}

impl Deref for AlignedBuffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: `start` points to `layout.size()` initialised bytes that live as long as the buffer.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.layout.size()) }
    }
}

impl DerefMut for AlignedBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `deref`; `&mut self` proves that nobody else looks.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.layout.size()) }
    }
}

impl Drop for AlignedBuffer {
    fn drop(&mut self) {
        // SAFETY: allocated by `new` with this layout, and freed once.
        unsafe { dealloc(self.start.as_ptr(), self.layout) }
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
