import { violation } from '@sendense/plugin-kit/nbd';
import { ChunkType } from './codes.ts';
import { MAX_STATUS_DESCRIPTORS, MAX_STRING_BYTES } from './limits.ts';
import { WireReader } from './wire-reader.ts';
import { utf8Bytes, WireWriter } from './wire-writer.ts';

/** Bytes before the data of an `offsetData` chunk. */
export const OFFSET_BYTES = 8;
/** Bytes of the payload of an `offsetHole` chunk. */
export const HOLE_PAYLOAD_BYTES = 12;
/** Most bytes of the payload of an error chunk. */
export const MAX_ERROR_PAYLOAD_BYTES = 14 + MAX_STRING_BYTES;

/** Payload of an error chunk. */
export type ErrorChunk = { readonly errno: number; readonly message: string; readonly offset?: number };

/** One run of block status; `flags` is a bigint in 64-bit chunks. */
export type StatusDescriptor = { readonly length: number; readonly flags: number | bigint };

/** Payload of a block-status chunk. */
export type StatusChunk = { readonly contextId: number; readonly descriptors: readonly StatusDescriptor[] };

/** Offset that begins the payload of an `offsetData` chunk. */
export function encodeDataOffset(offset: number): Uint8Array {
  return new WireWriter(OFFSET_BYTES).u64(offset).done();
}

/** Payload of an `offsetHole` chunk. */
export function encodeHole(offset: number, length: number): Uint8Array {
  return new WireWriter(HOLE_PAYLOAD_BYTES).u64(offset).u32(length).done();
}

/** Throws `PROTOCOL_VIOLATION` for a wrong length. The range is for the caller to check. */
export function parseHole(payload: Uint8Array): { readonly offset: number; readonly length: number } {
  const reader = new WireReader(payload, 'a hole');
  const hole = { offset: reader.size(), length: reader.u32() };
  reader.end();
  return hole;
}

/** Payload of an `error` chunk, or of an `errorOffset` chunk when there is an offset. */
export function encodeError({ errno, message, offset }: ErrorChunk): Uint8Array {
  const text = utf8Bytes(message).subarray(0, MAX_STRING_BYTES);
  const writer = new WireWriter(6 + text.byteLength + (offset === undefined ? 0 : 8))
    .u32(errno)
    .u16(text.byteLength)
    .bytes(text);
  return (offset === undefined ? writer : writer.u64(offset)).done();
}

/** Throws `PROTOCOL_VIOLATION` for error 0 and lengths that do not add up. Fields of unknown error types are ignored. */
export function parseError(type: number, payload: Uint8Array): ErrorChunk {
  const reader = new WireReader(payload, 'an error');
  const errno = reader.u32();
  if (errno === 0) throw violation('sent an error chunk that says success');
  const message = printable(reader.bytes(Math.min(reader.u16(), MAX_STRING_BYTES + 1)));
  if (type !== ChunkType.errorOffset) return { errno, message };
  return { errno, message, offset: reader.size() };
}

/** A message of a peer without what would disturb a terminal; broken UTF-8 is no reason to lose the error. */
function printable(bytes: Uint8Array): string {
  if (bytes.byteLength > MAX_STRING_BYTES) throw violation('sent an error message that is too long');
  return new TextDecoder().decode(bytes).replace(/\p{Cc}+/gu, ' ');
}

/** Payload of a `blockStatus` chunk, or with `wide` of a `blockStatusExtended` chunk. */
export function encodeStatus({ contextId, descriptors }: StatusChunk, wide: boolean): Uint8Array {
  const writer = new WireWriter(wide ? 8 + descriptors.length * 16 : 4 + descriptors.length * 8);
  writer.u32(contextId);
  if (wide) writer.u32(descriptors.length);
  for (const { length, flags } of descriptors) {
    if (wide) writer.u64(length).u64(flags);
    else writer.u32(length).u32(Number(flags));
  }
  return writer.done();
}

/** Most bytes of the payload of a block-status chunk. */
export function maxStatusPayloadBytes(wide: boolean): number {
  return wide ? 8 + MAX_STATUS_DESCRIPTORS * 16 : 4 + MAX_STATUS_DESCRIPTORS * 8;
}

/** Throws `PROTOCOL_VIOLATION` for no or too many descriptors, a run of length 0, and counts that do not add up. */
export function parseStatus(payload: Uint8Array, wide: boolean): StatusChunk {
  const reader = new WireReader(payload, 'block status');
  const contextId = reader.u32();
  const size = wide ? 16 : 8;
  const count = wide ? reader.u32() : Math.floor(reader.left / size);
  if (count === 0 || count > MAX_STATUS_DESCRIPTORS || reader.left !== count * size) {
    throw violation('sent block status of a wrong length', { count, payloadBytes: payload.byteLength });
  }
  const descriptors = Array.from({ length: count }, () => parseDescriptor(reader, wide));
  return { contextId, descriptors };
}

function parseDescriptor(reader: WireReader, wide: boolean): StatusDescriptor {
  const length = wide ? reader.size() : reader.u32();
  if (length === 0) throw violation('sent block status with a run of no length');
  return { length, flags: wide ? reader.u64() : reader.u32() };
}
