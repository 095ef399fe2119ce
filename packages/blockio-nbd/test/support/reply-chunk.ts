import { CHUNK_DONE, type ChunkHeader, encodeChunkHeader } from '@sendense/blockio-nbd/protocol';

/** A part of a reply besides its type and payload. */
export type ReplyChunk = {
  /** Default `structured`. */
  readonly style: ChunkHeader['kind'];
  readonly cookie: bigint;
  /** Whether it is the last of its reply; default no. */
  readonly done: boolean;
  /** Offset of the request; told by extended headers only. */
  readonly offset: number;
  /** What the header claims; default the truth. */
  readonly payloadBytes: number;
};

/** One chunk of a reply, as a server sends it. */
export function replyChunk(
  type: number,
  payload: Uint8Array,
  {
    style = 'structured',
    done = false,
    payloadBytes = payload.byteLength,
    ...request
  }: Pick<ReplyChunk, 'cookie' | 'offset'> & Partial<ReplyChunk>,
): Uint8Array {
  const flags = done ? CHUNK_DONE : 0;
  return Buffer.concat([encodeChunkHeader({ kind: style, flags, type, payloadBytes, ...request }), payload]);
}
