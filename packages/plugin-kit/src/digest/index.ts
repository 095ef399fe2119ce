export { type Blake3, DIGEST_BYTES, loadBlake3 } from './blake3.ts';
export { type Blake3Stream, createBlake3Stream } from './blake3-stream.ts';
export { loadKeyedBlake3 } from './keyed-blake3.ts';
