use crate::each::ChunkFailure;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An item, and the room for what is made of it: only one thread is at an item.
pub struct Window<'a> {
    pub item: &'a [u8],
    pub room: Mutex<&'a mut [u8]>,
}

/// A window for each item: `extra` more bytes than the item has, one behind the other from the start of `into`.
pub fn windows<'a>(
    items: &[&'a [u8]],
    extra: usize,
    into: &'a mut [u8],
) -> Result<Vec<Window<'a>>, ChunkFailure> {
    let mut rest = into;
    let mut made = Vec::with_capacity(items.len());
    for item in items {
        let (room, behind) = rest.split_at_mut_checked(item.len() + extra).ok_or(ChunkFailure::NoRoom)?;
        made.push(Window { item, room: Mutex::new(room) });
        rest = behind;
    }
    Ok(made)
}

/// Moves what was made in the windows of `items` together: `lengths` of each, from where its window begins.
pub fn join(items: &[&[u8]], extra: usize, lengths: &[usize], into: &mut [u8]) {
    let (mut start, mut end) = (0, 0);
    for (item, length) in items.iter().zip(lengths) {
        if start != end {
            into.copy_within(start..start + length, end);
        }
        start += item.len() + extra;
        end += length;
    }
}

/// The room, also where a thread panicked: whoever asked is told.
pub fn enter<'a, 'b>(room: &'b Mutex<&'a mut [u8]>) -> MutexGuard<'b, &'a mut [u8]> {
    room.lock().unwrap_or_else(PoisonError::into_inner)
}
