import {
  CHUNK_DONE,
  type ChunkHeader,
  ChunkType,
  Command,
  HOLE_PAYLOAD_BYTES,
  MAX_ERROR_PAYLOAD_BYTES,
  maxStatusPayloadBytes,
  OFFSET_BYTES,
  parseError,
  parseHole,
  parseStatus,
  violation,
} from '../../protocol/index.ts';
import type { PendingRequest } from './pending-request.ts';

/** What replies are checked against besides their request. */
export type ReplyContext = {
  readonly sizeBytes: number;
  /** Names of the contexts by their numbers on this connection. */
  readonly contexts: ReadonlyMap<number, string>;
};

/** What the bytes after a chunk's header, or after a part of its payload, are. */
export type ChunkStep =
  | {
      readonly kind: 'payload';
      readonly bytes: number;
      readonly chunk: { readonly header: ChunkHeader; readonly pending: PendingRequest };
      readonly take: (payload: Uint8Array) => ChunkStep;
    }
  | { readonly kind: 'data'; readonly position: number; readonly bytes: number }
  | { readonly kind: 'end' };

const END: ChunkStep = { kind: 'end' };

/** Fields after the message of an error type that a later protocol adds are ignored up to this size. */
const UNKNOWN_FIELDS_BYTES = 1024;

/** A reply may come in parts of 512 bytes, as the protocol suggests; smaller ones are tolerated in small reads only. */
const SPARE_CHUNKS = 1024;

/** Looks at the header of a chunk: what its payload is, checked against the request before a byte is taken. */
export function beginChunk(header: ChunkHeader, pending: PendingRequest, context: ReplyContext): ChunkStep {
  checkChunk(header, pending);
  const { type, payloadBytes } = header;
  const payload = (bytes: number, take: (payload: Uint8Array) => ChunkStep): ChunkStep => ({
    kind: 'payload',
    bytes,
    chunk: { header, pending },
    take,
  });
  if (type === ChunkType.none) return END;
  if ((type & 0x8000) !== 0) return payload(payloadBytes, (bytes) => takeError(type, bytes, pending));
  switch (type) {
    case ChunkType.offsetData:
      return payload(OFFSET_BYTES, (bytes) => takeDataOffset(bytes, payloadBytes - OFFSET_BYTES, pending));
    case ChunkType.offsetHole:
      return payload(HOLE_PAYLOAD_BYTES, (bytes) => takeHole(bytes, pending));
    default:
      return payload(payloadBytes, (bytes) => takeStatus(header, bytes, pending, context));
  }
}

/** Whether the chunk was the last of its reply. Throws when success is claimed for what did not come. */
export function endReply({ flags }: ChunkHeader, pending: PendingRequest, context: ReplyContext): boolean {
  if ((flags & CHUNK_DONE) === 0) return false;
  if (pending.error !== undefined) return true;
  const { command, offset, length } = pending.request;
  if (command === Command.read && !pending.cover.isExactly(offset, length)) {
    throw violation('claimed success of a read without sending all of it', { offset, length });
  }
  if (command === Command.blockStatus && pending.runs.size !== context.contexts.size) {
    throw violation('claimed success of a block status without all contexts', {
      contexts: pending.runs.size,
    });
  }
  return true;
}

function checkChunk({ kind, flags, type, payloadBytes, offset }: ChunkHeader, pending: PendingRequest): void {
  const { request } = pending;
  pending.chunks += 1;
  const most = SPARE_CHUNKS + (request.command === Command.read ? request.length / 512 : 0);
  if (pending.chunks > most) throw violation(`cut a reply into more than ${Math.floor(most)} chunks`);
  if (kind === 'extended' && offset !== request.offset) {
    throw violation('sent a chunk for another offset than its request', {
      offset: offset ?? null,
      asked: request.offset,
    });
  }
  if (type === ChunkType.none && (flags & CHUNK_DONE) === 0) {
    throw violation('sent an empty chunk that is not the last');
  }
  const [least, longest] = payloadBounds(type, kind, request);
  if (payloadBytes < least || payloadBytes > longest) {
    throw violation(`sent a chunk of type ${type} with ${payloadBytes} bytes`, {
      type,
      payloadBytes,
      command: request.command,
    });
  }
}

const NEVER = [Number.POSITIVE_INFINITY, 0] as const;

/** Least and most bytes of the payload of a chunk type as an answer to this request. */
function payloadBounds(
  type: number,
  kind: ChunkHeader['kind'],
  { command, length }: PendingRequest['request'],
): readonly [least: number, most: number] {
  const reads = command === Command.read;
  const wide = kind === 'extended';
  if ((type & 0x8000) !== 0) return [6, MAX_ERROR_PAYLOAD_BYTES + UNKNOWN_FIELDS_BYTES];
  if (type === ChunkType.none) return [0, 0];
  if (type === ChunkType.offsetData && reads) return [OFFSET_BYTES + 1, OFFSET_BYTES + length];
  if (type === ChunkType.offsetHole && reads) return [HOLE_PAYLOAD_BYTES, HOLE_PAYLOAD_BYTES];
  const status = wide ? ChunkType.blockStatusExtended : ChunkType.blockStatus;
  if (type === status && command === Command.blockStatus) return [12, maxStatusPayloadBytes(wide)];
  return NEVER;
}

function takeError(type: number, payload: Uint8Array, pending: PendingRequest): ChunkStep {
  const error = parseError(type, payload);
  const { offset, length } = pending.request;
  if (error.offset !== undefined && (error.offset < offset || error.offset >= offset + length)) {
    throw violation('reported an error outside of the request', { offset: error.offset });
  }
  pending.error ??= error;
  return END;
}

/** Checks that a part lies in the read and was not sent before; gives its position in the buffer. */
function place(offset: number, length: number, { request, cover }: PendingRequest): number {
  const inside = offset >= request.offset && offset + length <= request.offset + request.length;
  if (!inside || length === 0) throw violation('sent data outside of the read', { offset, length });
  if (!cover.add(offset, length)) throw violation('sent the same data twice', { offset, length });
  return offset - request.offset;
}

function takeDataOffset(payload: Uint8Array, bytes: number, pending: PendingRequest): ChunkStep {
  const offset = Number(new DataView(payload.buffer, payload.byteOffset).getBigUint64(0));
  return { kind: 'data', position: place(offset, bytes, pending), bytes };
}

function takeHole(payload: Uint8Array, pending: PendingRequest): ChunkStep {
  const { offset, length } = parseHole(payload);
  const position = place(offset, length, pending);
  pending.into?.fill(0, position, position + length);
  return END;
}

/** All runs but the last end within the request; the last may go on, up to the end of the export. */
function takeStatus(
  { kind }: ChunkHeader,
  payload: Uint8Array,
  pending: PendingRequest,
  { contexts, sizeBytes }: ReplyContext,
): ChunkStep {
  const { contextId, descriptors } = parseStatus(payload, kind === 'extended');
  const name = contexts.get(contextId);
  if (name === undefined || pending.runs.has(name)) {
    throw violation('sent block status of a context twice, or of one not asked for', { contextId });
  }
  const { offset, length } = pending.request;
  let covered = 0;
  for (const run of descriptors) {
    if (covered >= length)
      throw violation('sent block status beyond the range asked for', { offset, length });
    covered += run.length;
  }
  if (offset + covered > sizeBytes) {
    throw violation('sent block status beyond the end of the export', { offset, covered, sizeBytes });
  }
  pending.runs.set(name, descriptors);
  return END;
}
