/// What a test puts into a source where the thread that reads it is to panic.
pub const PANIC: &[u8; 16] = b"panic on purpose";

/// Panics on a piece that begins so: what a mistake in any thread of a transfer would do.
pub fn panic_at(data: &[u8]) {
    assert!(!data.starts_with(PANIC), "on purpose");
}
