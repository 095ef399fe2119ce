import type { ByteRange, Extent } from '@sendense/core';
import { notSupported } from '../bytes/damage.ts';
import { padding } from './tar-header.ts';

/** Pieces of data that a map may have: in memory they take about 100 MB. */
const MOST_PIECES = 2_000_000;

/** The data of a file with holes. */
export type SparseFile = { readonly data: readonly ByteRange[]; readonly dataBytes: number };

/** The data pieces of a file, however many parts each of them has on the volume; `undefined` when it has no hole. Rejects with `FORMAT_UNSUPPORTED` for more than two million pieces. */
export async function findSparse(
  extents: AsyncIterable<Extent>,
  sizeBytes: number,
): Promise<SparseFile | undefined> {
  const data: ByteRange[] = [];
  let dataBytes = 0;
  for await (const { offset, length, kind } of extents) {
    if (kind === 'zero') continue;
    dataBytes += length;
    const last = data.at(-1);
    if (last !== undefined && last.offset + last.length === offset) {
      data[data.length - 1] = { offset: last.offset, length: last.length + length };
      continue;
    }
    data.push({ offset, length });
    if (data.length > MOST_PIECES) throw notSupported('a file has more holes than an archive can name');
  }
  return dataBytes === sizeBytes ? undefined : { data, dataBytes };
}

/**
 * The map before the data of a sparse file, in the form 1.0 of GNU tar ("Storing Sparse Files" in its manual): decimal numbers, one a
 * line, how many pieces, then where each begins and how long it is, up to whole blocks. The last piece ends where the file ends.
 */
export function encodeSparseMap({ data }: SparseFile, sizeBytes: number): Uint8Array {
  const last = data.at(-1);
  const isCovered = last !== undefined && last.offset + last.length === sizeBytes;
  const pieces = isCovered ? data : [...data, { offset: sizeBytes, length: 0 }];
  const lines = [pieces.length, ...pieces.flatMap(({ offset, length }) => [offset, length])];
  const bytes = Buffer.from(`${lines.join('\n')}\n`);
  return Buffer.concat([bytes, padding(bytes.byteLength)]);
}
