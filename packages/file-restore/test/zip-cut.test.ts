import { type Finding, SendenseError } from '@sendense/core';
import { expect, it } from 'vitest';
import { ZipDirectory } from '../src/archive/zip-directory.ts';
import { zipTree } from '../src/archive/zip-tree.ts';
import type { FilePiece, FileSystemReader } from '../src/file-system-reader.ts';
import { madeFiles } from './support/made-files.ts';
import { noise } from './support/sample-tree.ts';

const END_OF_ARCHIVE = Buffer.from('PK\x05\x06', 'latin1');
const CONTENT = noise(3_000_000, 'content');
const PIECE = 64 * 1024;

/** Files that come in pieces, the third of which fails when `fails`; how many were read, and whether each reading ended. */
function piecewise(fails: boolean): { reader: FileSystemReader; seen: { pieces: number; ended: number } } {
  const seen = { pieces: 0, ended: 0 };
  async function* read(): AsyncGenerator<FilePiece, void, undefined> {
    try {
      for (let offset = 0; offset < CONTENT.byteLength; offset += PIECE) {
        if (fails && offset === 2 * PIECE)
          throw new SendenseError('CORRUPT', 'a block is damaged', { operation: 'read-blocks' });
        seen.pieces += 1;
        yield { offset, bytes: CONTENT.subarray(offset, offset + PIECE) };
      }
    } finally {
      seen.ended += 1;
    }
  }
  return { reader: { ...madeFiles(3, () => CONTENT), read }, seen };
}

async function archive(reader: FileSystemReader): Promise<AsyncGenerator<Uint8Array, void, undefined>> {
  const begin = await reader.stat(reader.root);
  return zipTree({ reader, begin, name: 'all', volumeBytes: 0, onFinding: () => undefined });
}

it('A zip of a file that cannot be read to the end rejects as the reading did, and has no end', async () => {
  const { reader, seen } = piecewise(true);
  const parts: Uint8Array[] = [];
  const collect = async (): Promise<void> => {
    for await (const bytes of await archive(reader)) parts.push(bytes);
  };
  await expect(collect()).rejects.toMatchObject({ code: 'CORRUPT', message: 'a block is damaged' });
  expect(Buffer.concat(parts).byteLength).toBeGreaterThan(0);
  expect(Buffer.concat(parts).includes(END_OF_ARCHIVE)).toBe(false);
  expect(seen.ended).toBe(1);
});

it('A zip that nobody reads on stops reading its file, and one that is read slowly does not run ahead', async () => {
  const { reader, seen } = piecewise(false);
  let bytes = 0;
  for await (const piece of await archive(reader)) {
    bytes += piece.byteLength;
    if (bytes > 200_000) {
      await new Promise((resolve) => setImmediate(resolve));
      break;
    }
  }
  await new Promise((resolve) => setImmediate(resolve));
  expect(seen.ended).toBe(1);
  expect(seen.pieces).toBeLessThan(20);
});

it('A path that is longer than a zip can name is left out and told, and the rest is an archive', async () => {
  const { reader } = piecewise(false);
  const begin = await reader.stat(reader.root);
  const told: string[] = [];
  const parts: Uint8Array[] = [];
  const name = 'n'.repeat(65_530);
  const onFinding = ({ code, object }: Finding): void => void told.push(`${code} ${object?.slice(65_530)}`);
  for await (const bytes of zipTree({ reader, begin, name, volumeBytes: 0, onFinding })) parts.push(bytes);
  expect(told).toEqual(['file 0', 'file 1', 'file 2'].map((file) => `file-left-out /${file}`));
  const whole = Buffer.concat(parts);
  expect(whole.readUInt16LE(whole.indexOf(END_OF_ARCHIVE) + 10)).toBe(1);
});

it('Entries for which the directory of a zip has no room are left out and told, and the rest is an archive', async () => {
  const reader = madeFiles(4, () => Buffer.from('data'));
  const begin = await reader.stat(reader.root);
  const told: string[] = [];
  const parts: Uint8Array[] = [];
  const onFinding = ({ severity, object }: Finding): void => void told.push(`${severity} ${object}`);
  const request = { reader, begin, name: 'all', volumeBytes: 0, onFinding };
  // a file takes 80 bytes of it, and might have taken 108
  for await (const bytes of zipTree(request, undefined, new ZipDirectory(300))) parts.push(bytes);
  expect(told).toEqual(['error all/file 2', 'error all/file 3']);
  const whole = Buffer.concat(parts);
  expect(whole.readUInt16LE(whole.indexOf(END_OF_ARCHIVE) + 10)).toBe(3);
});

it('Holes and second names of files take no more in a zip than their volume has; the rest is left out and told', async () => {
  const whole = madeFiles(4, () => Buffer.from('data'));
  const HOLE = 40_000;
  const reader: FileSystemReader = {
    ...whole,
    // two files of holes, each with two names
    list: async () => ({
      entries: [2, 3, 2, 3].map((node, index) => ({ name: `name ${index}`, node, type: 'file' as const })),
      next: undefined,
      findings: [],
    }),
    stat: async (node) => {
      const stat = await whole.stat(node);
      return node === whole.root ? stat : { ...stat, sizeBytes: HOLE, links: 2 };
    },
    async *extents(_node, { offset, length }) {
      yield { offset, length, kind: 'zero' as const };
    },
    async *read() {
      yield* [];
    },
  };
  const begin = await reader.stat(reader.root);
  const takeOut = async (volumeBytes: number): Promise<string[]> => {
    const told: string[] = [];
    const onFinding = ({ severity, object }: Finding): void => void told.push(`${severity} ${object}`);
    let bytes = 0;
    for await (const piece of zipTree({ reader, begin, name: 'all', volumeBytes, onFinding }))
      bytes += piece.byteLength;
    expect(bytes).toBeLessThan(2000);
    return told;
  };
  expect(await takeOut(4 * HOLE)).toEqual(['info undefined']);
  expect(await takeOut(3 * HOLE)).toEqual(['error all/name 3', 'info undefined']);
  // by the numbers of the files
  expect(await takeOut(HOLE - 1)).toEqual([0, 2, 1, 3].map((index) => `error all/name ${index}`));
});
