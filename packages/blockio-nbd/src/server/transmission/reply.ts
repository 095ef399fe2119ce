import {
  CHUNK_DONE,
  ChunkType,
  encodeChunkHeader,
  encodeDataOffset,
  encodeError,
  encodeHole,
  encodeSimpleReply,
  encodeStatus,
  type HeaderStyle,
  type NbdRequest,
  OFFSET_BYTES,
  REPLY_HEADER_BYTES,
  type StatusChunk,
} from '../../protocol/index.ts';

/** The outcome of a request. */
export type Reply =
  | { readonly kind: 'done' }
  | { readonly kind: 'data'; readonly data: Uint8Array; readonly allZero: boolean }
  | { readonly kind: 'status'; readonly chunks: readonly StatusChunk[] }
  | { readonly kind: 'error'; readonly errno: number; readonly message: string };

/** The reply of a failed request. */
export function failed(errno: number, message: string): Reply {
  return { kind: 'error', errno, message };
}

/** The bytes of a reply in the style agreed on. */
export function encodeReply(reply: Reply, request: NbdRequest, style: HeaderStyle): readonly Uint8Array[] {
  if (style === 'simple') return encodeWhole(reply, request);
  const chunks = chunksOf(reply, request, style === 'extended');
  return chunks.flatMap(({ type, payload }, at) => {
    const payloadBytes = payload.reduce((sum, part) => sum + part.byteLength, 0);
    const flags = at === chunks.length - 1 ? CHUNK_DONE : 0;
    const { cookie, offset } = request;
    return [encodeChunkHeader({ kind: style, cookie, flags, type, payloadBytes, offset }), ...payload];
  });
}

/** Bytes of a reply to a read besides its data. */
export const READ_OVERHEAD_BYTES = REPLY_HEADER_BYTES.extended + OFFSET_BYTES;

type Chunk = { readonly type: number; readonly payload: readonly Uint8Array[] };

function chunksOf(reply: Reply, { offset, length }: NbdRequest, wide: boolean): readonly Chunk[] {
  if (reply.kind === 'done') return [{ type: ChunkType.none, payload: [] }];
  if (reply.kind === 'error') return [{ type: ChunkType.error, payload: [encodeError(reply)] }];
  if (reply.kind === 'status') {
    const type = wide ? ChunkType.blockStatusExtended : ChunkType.blockStatus;
    return reply.chunks.map((status) => ({ type, payload: [encodeStatus(status, wide)] }));
  }
  if (reply.allZero) return [{ type: ChunkType.offsetHole, payload: [encodeHole(offset, length)] }];
  return [{ type: ChunkType.offsetData, payload: [encodeDataOffset(offset), reply.data] }];
}

function encodeWhole(reply: Reply, { cookie }: NbdRequest): readonly Uint8Array[] {
  const errno = reply.kind === 'error' ? reply.errno : 0;
  const header = encodeSimpleReply({ cookie, errno });
  return reply.kind === 'data' ? [header, reply.data] : [header];
}
