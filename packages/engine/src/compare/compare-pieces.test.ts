import { type BlockReader, SendenseError } from '@sendense/core';
import { loadBlake3 } from '@sendense/plugin-kit/digest';
import { DiskContent, openMemoryReader, seededBytes } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { comparePieces } from './compare-pieces.ts';

const PIECE = 64 * 1024;

/** Data, zeros, and half a piece at the end; with digests of all pieces before `known`. */
async function start(known = Number.POSITIVE_INFINITY) {
  const blake3 = await loadBlake3();
  const content = new DiskContent(2 * PIECE + PIECE / 2);
  content.write(0, seededBytes(1, PIECE));
  content.write(2 * PIECE, seededBytes(2, PIECE / 2));
  let reads = 0;
  const plain = openMemoryReader(content);
  const reader: BlockReader = {
    sizeBytes: plain.sizeBytes,
    limits: plain.limits,
    extents: (range, call) => plain.extents(range, call),
    read(offset, into, call) {
      reads++;
      return plain.read(offset, into, call);
    },
    digestPieceBytes: PIECE,
    async *digests(pieces) {
      for await (const range of pieces) {
        if (range.offset >= known)
          throw new SendenseError('UNSUPPORTED', 'no digest', { operation: 'digests' });
        const bytes = content.bytes(range);
        yield bytes.every((byte) => byte === 0) ? new Uint8Array(0) : blake3(bytes);
      }
    },
    [Symbol.asyncDispose]: () => plain[Symbol.asyncDispose](),
  };
  const pieces = (beyondEnd: 'different' | 'zeros') => comparePieces(reader, { blake3, beyondEnd }, {});
  return { content, pieces, reads: () => reads };
}

describe('comparing pieces', () => {
  it('knows equal data, equal zeros and a short last piece by digest, without a read', async () => {
    const { content, pieces, reads } = await start();
    const compared = pieces('different');
    const at = (offset: number, length: number) => ({ offset, length });
    expect(await compared.test(at(0, PIECE), content.bytes(at(0, PIECE)))).toBe(true);
    expect(await compared.test(at(PIECE, PIECE), 'zero')).toBe(true);
    expect(await compared.test(at(PIECE, PIECE), new Uint8Array(PIECE))).toBe(true);
    expect(await compared.test(at(2 * PIECE, PIECE / 2), content.bytes(at(2 * PIECE, PIECE / 2)))).toBe(true);
    expect(reads()).toBe(0);
  });

  it('sees one changed byte, data that became zeros, and zeros that became data', async () => {
    const { content, pieces } = await start();
    const compared = pieces('different');
    const changed = content.bytes({ offset: 0, length: PIECE });
    changed[PIECE - 1] = (changed[PIECE - 1] ?? 0) ^ 1;
    expect(await compared.test({ offset: 0, length: PIECE }, changed)).toBe(false);
    expect(await compared.test({ offset: 0, length: PIECE }, 'zero')).toBe(false);
    expect(await compared.test({ offset: PIECE, length: PIECE }, changed)).toBe(false);
  });

  it('compares the bytes where a digest is not known', async () => {
    const { content, pieces, reads } = await start(PIECE);
    const compared = pieces('different');
    const range = { offset: 2 * PIECE, length: PIECE / 2 };
    expect(await compared.test(range, content.bytes(range))).toBe(true);
    expect(await compared.test(range, seededBytes(3, PIECE / 2))).toBe(false);
    expect(reads()).toBe(2);
  });

  it('takes what lies beyond the end for different, or for equal when it is zeros', async () => {
    const { content, pieces } = await start();
    const grown = new Uint8Array(PIECE);
    grown.set(content.bytes({ offset: 2 * PIECE, length: PIECE / 2 }));
    const range = { offset: 2 * PIECE, length: PIECE };
    expect(await pieces('different').test(range, grown)).toBe(false);
    expect(await pieces('zeros').test(range, grown)).toBe(true);
    expect(await pieces('different').test({ offset: 3 * PIECE, length: PIECE }, 'zero')).toBe(false);
    grown[PIECE - 1] = 1;
    expect(await pieces('zeros').test(range, grown)).toBe(false);
  });
});
