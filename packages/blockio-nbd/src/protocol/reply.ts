import { violation } from '@sendense/plugin-kit/nbd';
import { EXTENDED_REPLY_MAGIC, SIMPLE_REPLY_MAGIC, STRUCTURED_REPLY_MAGIC } from './magics.ts';
import { WireReader } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

/** Bytes of each kind of reply before its payload. */
export const REPLY_HEADER_BYTES = { simple: 16, structured: 20, extended: 32 } as const;

/** A whole reply without chunks; the data of a successful read follows it. `errno` 0 is success. */
export type SimpleReply = { readonly kind: 'simple'; readonly cookie: bigint; readonly errno: number };

/** One chunk of a reply; `type` is of `ChunkType` or unknown, `payloadBytes` may exceed 2^53-1 (rounded). */
export type ChunkHeader = {
  readonly kind: 'structured' | 'extended';
  readonly cookie: bigint;
  readonly flags: number;
  readonly type: number;
  readonly payloadBytes: number;
  /** Offset of the request, in extended chunks only. */
  readonly offset?: number;
};

/** What begins a reply. */
export type ReplyHeader = SimpleReply | ChunkHeader;

/** A simple reply without data. */
export function encodeSimpleReply({ cookie, errno }: Omit<SimpleReply, 'kind'>): Uint8Array {
  return new WireWriter(REPLY_HEADER_BYTES.simple).u32(SIMPLE_REPLY_MAGIC).u32(errno).u64(cookie).done();
}

/** The header of a chunk. `offset` is that of the request and only sent in extended chunks. */
export function encodeChunkHeader(header: ChunkHeader): Uint8Array {
  const { kind, cookie, flags, type, payloadBytes, offset = 0 } = header;
  const extended = kind === 'extended';
  const writer = new WireWriter(REPLY_HEADER_BYTES[kind])
    .u32(extended ? EXTENDED_REPLY_MAGIC : STRUCTURED_REPLY_MAGIC)
    .u16(flags)
    .u16(type)
    .u64(cookie);
  return (extended ? writer.u64(offset).u64(payloadBytes) : writer.u32(payloadBytes)).done();
}

/** Kind of the reply that begins with this magic. Throws `PROTOCOL_VIOLATION` when it is none. */
export function replyKind(magic: number): ReplyHeader['kind'] {
  if (magic === SIMPLE_REPLY_MAGIC) return 'simple';
  if (magic === STRUCTURED_REPLY_MAGIC) return 'structured';
  if (magic === EXTENDED_REPLY_MAGIC) return 'extended';
  throw violation(`sent a reply with an unknown magic 0x${magic.toString(16)}`);
}

/** A header of `REPLY_HEADER_BYTES[kind]` bytes, its magic included. */
export function parseReplyHeader(bytes: Uint8Array): ReplyHeader {
  const reader = new WireReader(bytes, 'the header of a reply');
  const kind = replyKind(reader.u32());
  const header = kind === 'simple' ? parseSimple(reader) : parseChunk(kind, reader);
  reader.end();
  return header;
}

function parseSimple(reader: WireReader): SimpleReply {
  return { kind: 'simple', errno: reader.u32(), cookie: reader.u64() };
}

function parseChunk(kind: ChunkHeader['kind'], reader: WireReader): ChunkHeader {
  const start = { kind, flags: reader.u16(), type: reader.u16(), cookie: reader.u64() };
  if (kind === 'structured') return { ...start, payloadBytes: reader.u32() };
  return { ...start, offset: reader.size(), payloadBytes: reader.size() };
}
