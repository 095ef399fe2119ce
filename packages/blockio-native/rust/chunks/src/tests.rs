use super::*;
use crate::each::each;

const KEY: [u8; 32] = [7; 32];
const CHUNK: usize = 65_536;

fn frames() -> Frames {
    Frames::new(&KEY, 3, CHUNK, 3)
}

/// Bytes that nothing compresses: a chain of digests.
fn random(length: usize) -> Vec<u8> {
    (0u64..).flat_map(|at| *blake3::hash(&at.to_le_bytes()).as_bytes()).take(length).collect()
}

fn text(length: usize) -> Vec<u8> {
    b"all work and no play ".iter().copied().cycle().take(length).collect()
}

/// The bytes of hex digits.
fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn encode(chunks: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut into = vec![0xee; chunks.iter().map(|chunk| chunk.len() + FRAME_EXTRA).sum()];
    let lengths = frames().encode(chunks, &mut into, &Stop::default()).unwrap();
    let mut rest = &into[..];
    lengths.iter().map(|length| rest.split_off(..*length).unwrap().to_vec()).collect()
}

fn decode(frame: &[u8], id: &[u8], into: &mut [u8]) -> Result<usize, ChunkFailure> {
    frames().decode_into(frame, (&KEY, id), into, &Stop::default())
}

#[test]
fn reads_back_what_it_made_in_the_same_order() {
    let chunks = [random(CHUNK), text(CHUNK), vec![0; CHUNK], random(1), text(100), random(20_000)];
    let borrowed: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
    let made = encode(&borrowed);
    assert_eq!(made[0].len(), CHUNK + FRAME_EXTRA);
    assert!(made[1].len() < CHUNK / 100);
    let (ids, _) = name_chunks(&KEY, &borrowed, 1, &Stop::default()).unwrap();
    let mut into = vec![0xee; CHUNK];
    for ((frame, chunk), id) in made.iter().zip(borrowed).zip(ids.chunks(ID_BYTES)) {
        assert_eq!(decode(frame, id, &mut into), Ok(chunk.len()));
        assert_eq!(into[..chunk.len()], *chunk);
    }
    let made: Vec<&[u8]> = made.iter().map(Vec::as_slice).collect();
    let read = frames().decode(&made, &Stop::default()).unwrap();
    assert!(read.iter().map(|part| &**part).eq(chunks.iter().map(Vec::as_slice)));
}

#[test]
fn makes_another_frame_of_the_same_chunk_each_time() {
    let chunk = text(1000);
    let made = encode(&[&chunk, &chunk]);
    assert_ne!(made[0], made[1]);
}

#[test]
fn opens_the_published_frames_of_aes_256_gcm() {
    // McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)", test cases 13 and 15: key, nonce, ciphertext and tag, content
    let long = bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
    let cases: [(&[u8], &str, &str); 2] = [
        (&[0; 32], "000000000000000000000000530f8afbc74536b9a963b4f1c4cb738b", ""),
        (
            &long,
            concat!(
                "cafebabefacedbaddecaf888",
                "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa",
                "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad",
                "b094dac5d93471bdec1a502270e3cc6c",
            ),
            concat!(
                "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72",
                "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
            ),
        ),
    ];
    for (key, frame, content) in cases {
        let key = FrameKey::new(key.try_into().unwrap());
        let mut body = vec![0xee; 3];
        assert_eq!(key.open(&bytes(frame), &mut body), Ok(()));
        assert_eq!(body, bytes(content));
    }
}

#[test]
fn refuses_damaged_frames_and_those_of_another_key() {
    let made = encode(&[&text(1000)]).remove(0);
    let mut into = vec![0; CHUNK];
    for at in 0..made.len() {
        let mut bad = made.clone();
        bad[at] ^= 1 << (at % 8);
        assert_eq!(frames().decode(&[&bad], &Stop::default()), Err(ChunkFailure::Damaged), "byte {at}");
        assert_eq!(frames().decode(&[&made[..at]], &Stop::default()), Err(ChunkFailure::Damaged));
        assert_eq!(decode(&bad, &[0; ID_BYTES], &mut into), Err(ChunkFailure::Damaged), "byte {at}");
    }
    let other = Frames::new(&[8; 32], 3, CHUNK, 1);
    assert_eq!(other.decode(&[&made], &Stop::default()), Err(ChunkFailure::Damaged));
}

#[test]
fn refuses_bodies_that_are_never_made_although_they_are_sealed() {
    let key = FrameKey::new(&KEY);
    let bomb = zstd::bulk::compress(&vec![0; CHUNK + 1], 1).unwrap();
    let long = vec![0; CHUNK + 1];
    let bodies: [(u8, &[u8]); 5] = [(0, &long), (1, &bomb), (1, &[1, 2, 3]), (1, &[]), (9, &[1])];
    for (kind, stored) in bodies {
        let mut frame = vec![0; stored.len() + FRAME_EXTRA];
        assert_eq!(key.seal((kind, stored), &mut frame), Ok(frame.len()));
        assert_eq!(frames().decode(&[&frame], &Stop::default()), Err(ChunkFailure::Damaged), "kind {kind}");
        let mut into = vec![0; CHUNK + 100];
        assert_eq!(decode(&frame, &[0; ID_BYTES], &mut into), Err(ChunkFailure::Damaged), "kind {kind}");
        assert!(into[CHUNK..].iter().all(|byte| *byte == 0), "kind {kind} wrote behind a chunk");
    }
}

#[test]
fn refuses_a_chunk_of_another_name_and_room_for_less_than_a_chunk() {
    let frame = encode(&[&text(1000)]).remove(0);
    let id = *blake3::keyed_hash(&KEY, &text(1000)).as_bytes();
    let mut other = id;
    other[31] ^= 1;
    let mut into = vec![0; CHUNK];
    assert_eq!(decode(&frame, &id, &mut into), Ok(1000));
    assert_eq!(decode(&frame, &other, &mut into), Err(ChunkFailure::Misnamed));
    assert_eq!(decode(&frame, &id[..31], &mut into), Err(ChunkFailure::Misnamed));
    assert_eq!(decode(&frame, &id, &mut into[1..]), Err(ChunkFailure::NoRoom));
    let short = &mut [0; 1000 + FRAME_EXTRA - 1];
    assert_eq!(frames().encode(&[&text(1000)], short, &Stop::default()), Err(ChunkFailure::NoRoom));
}

#[test]
fn names_chunks_by_the_keyed_digest_of_their_bytes_and_tells_zeros() {
    // BLAKE3 test vectors (BLAKE3-team/BLAKE3, test_vectors.json), keyed mode, empty input
    let key = b"whats the Elvish word for friend";
    let (ids, _) = name_chunks(key, &[&[]], 1, &Stop::default()).unwrap();
    assert_eq!(ids, bytes("92b2b75604ed3c761f9d6f62392c8a9227ad0ea3f09573e783f1498a4ed60d26"));
    let almost = {
        let mut bytes = vec![0; 1000];
        bytes[999] = 1;
        bytes
    };
    let chunks: [&[u8]; 4] = [&[0; 1000], &almost, &[0], &[1]];
    let (ids, zero) = name_chunks(&KEY, &chunks, 4, &Stop::default()).unwrap();
    assert_eq!(zero, [1, 0, 1, 0]);
    let wanted: Vec<u8> =
        chunks.iter().flat_map(|chunk| *blake3::keyed_hash(&KEY, chunk).as_bytes()).collect();
    assert_eq!(ids, wanted);
}

#[test]
fn stops_between_two_chunks() {
    let stop = Stop::default();
    stop.ask();
    let into = &mut [0; 100];
    assert_eq!(frames().encode(&[&[1]], into, &stop), Err(ChunkFailure::Stopped));
    assert_eq!(name_chunks(&KEY, &[&[1]], 1, &stop), Err(ChunkFailure::Stopped));
}

#[test]
fn survives_a_panic_of_a_thread() {
    let work = |(): &mut (), item: &u32| {
        if *item == 5 { panic!("on purpose") } else { Ok(*item) }
    };
    let items: Vec<u32> = (0..100).collect();
    assert_eq!(each(2, &items, &Stop::default(), || (), work), Err(ChunkFailure::Panicked));
}
