export { type Blake3, DIGEST_BYTES, loadBlake3 } from './blake3.ts';
