use crate::each::ChunkFailure;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};

/// How much longer a frame is than its body.
const SEAL_BYTES: usize = NONCE_LEN + 16;
/// The most that a frame is longer than its chunk.
pub const FRAME_EXTRA: usize = SEAL_BYTES + 1;

/// Seals bodies into frames: 12 bytes of nonce, the encrypted body, 16 bytes of tag (AES-256-GCM, NIST SP 800-38D). The
/// nonce is random: one made of the chunk would repeat with it. One key is good for 2^32 frames.
pub struct FrameKey {
    key: LessSafeKey,
    random: SystemRandom,
}

impl FrameKey {
    pub fn new(key: &[u8; 32]) -> Self {
        let unbound = UnboundKey::new(&AES_256_GCM, key).expect("the key has 32 bytes");
        FrameKey { key: LessSafeKey::new(unbound), random: SystemRandom::new() }
    }

    /// Puts the frame of a body, which comes in two parts, at the start of `into`; gives its length.
    pub fn seal(&self, (kind, stored): (u8, &[u8]), into: &mut [u8]) -> Result<usize, ChunkFailure> {
        let length = FRAME_EXTRA + stored.len();
        let frame = into.get_mut(..length).ok_or(ChunkFailure::NoRoom)?;
        let mut bytes = [0; NONCE_LEN];
        self.random.fill(&mut bytes).map_err(|_| ChunkFailure::NoRandom)?;
        let (nonce, sealed) = frame.split_at_mut(NONCE_LEN);
        let (body, end) = sealed.split_at_mut(1 + stored.len());
        nonce.copy_from_slice(&bytes);
        body[0] = kind;
        body[1..].copy_from_slice(stored);
        let tag = self
            .key
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(bytes), Aad::empty(), body)
            .expect("a chunk is far below the limit of AES-GCM");
        end.copy_from_slice(tag.as_ref());
        Ok(length)
    }

    /// Leaves the body of a frame in `body`, whatever that held before.
    pub fn open(&self, frame: &[u8], body: &mut Vec<u8>) -> Result<(), ChunkFailure> {
        let (nonce, sealed) = frame.split_at_checked(NONCE_LEN).ok_or(ChunkFailure::Damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| ChunkFailure::Damaged)?;
        body.clear();
        body.extend_from_slice(sealed);
        let length =
            self.key.open_in_place(nonce, Aad::empty(), body).map_err(|_| ChunkFailure::Damaged)?.len();
        body.truncate(length);
        Ok(())
    }
}
