export { createChunker, type OpenReader } from './create-chunker.ts';
