use crate::each::ChunkFailure;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};

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

    /// The frame of a body, which comes in two parts.
    pub fn seal(&self, (kind, stored): (u8, &[u8])) -> Result<Vec<u8>, ChunkFailure> {
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).map_err(|_| ChunkFailure::NoRandom)?;
        let mut frame = Vec::with_capacity(NONCE_LEN + 1 + stored.len() + AES_256_GCM.tag_len());
        frame.extend_from_slice(&nonce);
        frame.push(kind);
        frame.extend_from_slice(stored);
        let body = &mut frame[NONCE_LEN..];
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self
            .key
            .seal_in_place_separate_tag(nonce, Aad::empty(), body)
            .expect("a chunk is far below the limit of AES-GCM");
        frame.extend_from_slice(tag.as_ref());
        Ok(frame)
    }

    /// The body of a frame.
    pub fn open(&self, frame: &[u8]) -> Result<Vec<u8>, ChunkFailure> {
        let (nonce, sealed) = frame.split_at_checked(NONCE_LEN).ok_or(ChunkFailure::Damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| ChunkFailure::Damaged)?;
        let mut body = sealed.to_vec();
        let length =
            self.key.open_in_place(nonce, Aad::empty(), &mut body).map_err(|_| ChunkFailure::Damaged)?.len();
        body.truncate(length);
        Ok(body)
    }
}
