import assert from 'node:assert/strict';
import { open } from 'node:fs/promises';
import type { ByteRange, Extent } from '@sendense/core';
import { loadBlake3 } from '@sendense/plugin-kit/digest';
import { collect } from '../../collect.ts';
import type { DiskContent } from '../../memory/disk/disk-content.ts';
import type { ConformanceCase } from '../case.ts';
import { expectBytes, expectCode } from '../expect.ts';
import { readRange } from './block-access.ts';
import type { BlockReaderCapabilities, BlockReaderContext } from './block-reader-subject.ts';
import { expectCover } from './expect-cover.ts';

type ReaderCase = ConformanceCase<BlockReaderContext, BlockReaderCapabilities>;

const whole = ({ sizeBytes }: { readonly sizeBytes: number }): ByteRange => ({
  offset: 0,
  length: sizeBytes,
});

/** What `extents`, `locate` and `digests` of a reader must do. */
export const readerExtentsCases: readonly ReaderCase[] = [
  {
    name: 'tells extents that cover the disk exactly',
    clause: 'BlockReader.extents: yield ascending extents that cover `range` exactly, without gap or overlap',
    async run({ reader }) {
      expectCover(await collect(reader.extents(whole(reader))), whole(reader));
    },
  },
  {
    name: 'tells extents of a part, cut to the part byte by byte',
    clause: 'BlockReader.extents: cover `range` exactly',
    async run({ reader }) {
      for (const range of [
        { offset: 4097, length: 65_535 },
        { offset: 786_433, length: 1 },
        { offset: reader.sizeBytes - 1, length: 1 },
      ]) {
        expectCover(await collect(reader.extents(range)), range);
      }
    },
  },
  {
    name: 'calls zero only what reads as zeros',
    clause: 'BlockReader.extents: call `zero` only what is proven (invariant 6)',
    async run({ reader, content }) {
      expectZerosTrue(await collect(reader.extents(whole(reader))), content);
    },
  },
  {
    name: 'tells no extents of an empty range and refuses one past the end',
    clause: 'BlockReader.extents: a range inside the disk',
    async run({ reader }) {
      assert.deepEqual(await collect(reader.extents({ offset: 0, length: 0 })), []);
      const past = { offset: reader.sizeBytes - 512, length: 513 };
      await expectCode(() => collect(reader.extents(past)), 'RANGE_INVALID');
    },
  },
  {
    name: 'reads on after its extents were left half told',
    clause: 'BlockReader.extents: an async iterable may be left early',
    async run({ reader, content }) {
      for await (const extent of reader.extents(whole(reader))) {
        assert.equal(extent.offset, 0);
        break;
      }
      expectBytes(await readRange(reader), content.bytes(), 'the disk');
    },
  },
  {
    name: 'locates every byte, exactly once and ascending',
    clause: 'BlockReader.locate: cover `range` exactly and ascending',
    requires: ({ locate }) => locate,
    async run({ reader }) {
      const located = await collect(reader.locate?.(whole(reader)) ?? nothing());
      expectCover(located, whole(reader));
      const part = { offset: 4096, length: 131_072 };
      expectCover(await collect(reader.locate?.(part) ?? nothing()), part);
    },
  },
  {
    name: 'locates the bytes where they can be read without it',
    clause: 'BlockReader.locate: raw bytes at an endpoint, or proven zeros; connectable until disposed',
    requires: ({ locate }) => locate,
    async run({ reader, content }) {
      for (const { offset, length, at } of await collect(reader.locate?.(whole(reader)) ?? nothing())) {
        const bytes = content.bytes({ offset, length });
        if (at === 'zero') expectBytes(bytes, new Uint8Array(length), `zeros located at ${offset}`);
        else if (at.endpoint.kind === 'file' || at.endpoint.kind === 'device') {
          const { path } = at.endpoint as { readonly path: string };
          expectBytes(await fileBytes(path, at.offset, length), bytes, `located at ${path} +${at.offset}`);
        }
      }
    },
  },
  {
    name: 'gives the digest of what each piece reads as, and none for proven zeros',
    clause: 'BlockReader.digests: be the digest of what `read` gives; an empty array for proven zeros',
    requires: ({ digests }) => digests,
    async run({ reader, content }) {
      const blake3 = await loadBlake3();
      const pieces = [...piecesOf(reader.sizeBytes, reader.digestPieceBytes ?? 1)];
      const digests = await collect(reader.digests?.(asyncItems(pieces)) ?? nothing());
      assert.equal(digests.length, pieces.length, 'one digest a piece');
      for (const [index, piece] of pieces.entries()) {
        const bytes = content.bytes(piece);
        const zero = bytes.every((byte) => byte === 0);
        const digest = digests[index] ?? new Uint8Array(1);
        if (!zero || digest.byteLength > 0) expectBytes(digest, blake3(bytes), `digest at ${piece.offset}`);
      }
    },
  },
  {
    name: 'gives the digests of some pieces alone',
    clause: 'BlockReader.digests: ascending pieces, in order',
    requires: ({ digests }) => digests,
    async run({ reader, content }) {
      const blake3 = await loadBlake3();
      const pieces = [...piecesOf(reader.sizeBytes, reader.digestPieceBytes ?? 1)];
      const some = pieces.filter((_, index) => index % 3 === 0 || index === pieces.length - 1);
      const digests = await collect(reader.digests?.(asyncItems(some)) ?? nothing());
      const last = some.at(-1) ?? { offset: 0, length: 0 };
      expectBytes(digests.at(-1) ?? new Uint8Array(), blake3(content.bytes(last)), 'the last digest');
    },
  },
];

/** Fails unless every `zero` extent reads as zeros. */
export function expectZerosTrue(extents: readonly Extent[], content: DiskContent): void {
  for (const { offset, length, kind } of extents) {
    if (kind === 'data') continue;
    expectBytes(content.bytes({ offset, length }), new Uint8Array(length), `the zero extent at ${offset}`);
  }
}

function* piecesOf(sizeBytes: number, pieceBytes: number): Generator<ByteRange> {
  for (let offset = 0; offset < sizeBytes; offset += pieceBytes) {
    yield { offset, length: Math.min(pieceBytes, sizeBytes - offset) };
  }
}

async function* asyncItems<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}

async function* nothing(): AsyncGenerator<never> {}

async function fileBytes(path: string, offset: number, length: number): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const bytes = new Uint8Array(length);
    await file.read(bytes, 0, length, offset);
    return bytes;
  } finally {
    await file.close();
  }
}
