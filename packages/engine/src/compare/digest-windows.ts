import { type BlockReader, type ByteRange, type Call, SendenseError } from '@sendense/core';

/**
 * Digests are asked for in windows of this many pieces. A piece that lies alone in a huge disk costs a whole window: a
 * wide one would spend more on the digests around it than on its bytes.
 */
const WINDOW_PIECES = 16;
/** Windows kept: pieces are asked for ascending, by one copy. */
const WINDOWS_KEPT = 2;

/** Random access to the digests that a reader keeps beside its data, a window at a time. */
export type DigestWindows = {
  /** The digest of piece number `piece`; empty = proven zeros; `undefined` = not known. */
  digest(piece: number): Promise<Uint8Array | undefined>;
};

/** See {@link DigestWindows}; `undefined` where the reader keeps none. */
export function openDigestWindows(reader: BlockReader, call: Call): DigestWindows | undefined {
  const { digestPieceBytes } = reader;
  if (digestPieceBytes === undefined || reader.digests === undefined) return undefined;
  const windows = new Map<number, Promise<readonly Uint8Array[]>>();
  return {
    async digest(piece) {
      const number = Math.floor(piece / WINDOW_PIECES);
      const window = windows.get(number) ?? readWindow(reader, digestPieceBytes, number, call);
      windows.set(number, window);
      if (windows.size > WINDOWS_KEPT) windows.delete(Math.min(...windows.keys()));
      return (await window)[piece % WINDOW_PIECES];
    },
  };
}

async function readWindow(
  reader: BlockReader,
  pieceBytes: number,
  window: number,
  call: Call,
): Promise<readonly Uint8Array[]> {
  const digests: Uint8Array[] = [];
  try {
    const pieces = piecesOf(reader.sizeBytes, pieceBytes, window);
    for await (const digest of reader.digests?.(pieces, call) ?? []) digests.push(Uint8Array.from(digest));
  } catch (error) {
    // One piece of the window has no digest: those before it are known all the same.
    if (!SendenseError.is(error, 'UNSUPPORTED')) throw error;
  }
  return digests;
}

async function* piecesOf(sizeBytes: number, pieceBytes: number, window: number): AsyncGenerator<ByteRange> {
  const start = window * WINDOW_PIECES * pieceBytes;
  const end = Math.min(sizeBytes, start + WINDOW_PIECES * pieceBytes);
  for (let offset = start; offset < end; offset += pieceBytes)
    yield { offset, length: Math.min(pieceBytes, end - offset) };
}
