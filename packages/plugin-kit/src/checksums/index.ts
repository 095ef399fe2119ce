export { crc32c, crc32cOfWord, crc32cWithout } from './crc32c.ts';
