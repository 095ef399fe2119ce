import { connectNbd, openNbdReader } from '@sendense/blockio-nbd/client';
import type { ByteRange } from '@sendense/core';
import { collect, DiskContent, seededBytes } from '@sendense/testkit';
import { expect, it } from 'vitest';
import { serveHere } from './support/serve-here.ts';

const KIB = 1024;

it('a reader knows zeros by the allocation context, and calls everything data without it', async () => {
  const content = new DiskContent(256 * KIB);
  content.write(64 * KIB, seededBytes(1, 32 * KIB));
  await using server = await serveHere(content);
  const { address, export: name } = server.endpoint;
  const extents = async (contexts: readonly string[], range: ByteRange) => {
    await using reader = openNbdReader(await connectNbd({ address, export: name, contexts }));
    const told = await collect(reader.extents(range));
    return told;
  };
  const range = { offset: 1000, length: 200 * KIB };
  expect(await extents([], range)).toEqual([{ ...range, kind: 'data' }]);
  const zeros = (await extents(['base:allocation'], range)).filter(({ kind }) => kind === 'zero');
  const zeroBytes = zeros.reduce((sum, { length }) => sum + length, 0);
  // the server proves whole blocks of 4 KiB
  expect(zeroBytes).toBe(200 * KIB - 32 * KIB);
});
