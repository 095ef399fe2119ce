import { collect } from '@sendense/testkit';
import { expect, it } from 'vitest';
import type { ByteSource } from '../src/bytes/byte-source.ts';
import { systemUseEntries } from '../src/iso/system-use.ts';
import { furtherUse, type MadeDisc, nameUse, posixUse, rockRidgeDisc, use } from './support/made-disc.ts';

const FILE = 0o100644;
const LINK = 0o120777;

/** Bytes of one letter. */
const letters = (count: number): Buffer => Buffer.alloc(count, 'x');

/** What is listed of the root of a disc, where one record is damaged. */
async function listedBesideDamage(disc: MadeDisc): Promise<(readonly [string, number | undefined])[]> {
  await using session = await disc.browse();
  const { entries, findings } = await session.list('/');
  expect(findings).toMatchObject([{ code: 'directory-damaged' }]);
  return entries.map(({ name, stat }) => [name, stat?.sizeBytes]);
}

it('A name has 255 bytes at most: one that is longer is left out and told', async () => {
  const name = (length: number): Buffer =>
    Buffer.concat([use('NM', [1], letters(200)), use('NM', [0], letters(length - 200))]);
  const disc = rockRidgeDisc([
    { name: 'LONGEST', systemUse: [posixUse(FILE), furtherUse(60, 0, name(255).byteLength)] },
    { name: 'LONGER', systemUse: [posixUse(FILE), furtherUse(61, 0, name(256).byteLength)] },
  ]);
  disc.write(60, name(255)).write(61, name(256));
  expect(await listedBesideDamage(disc)).toEqual([['x'.repeat(255), 0]]);
});

it('A link has 4096 bytes at most: one that is longer is left out and told', async () => {
  const part = (flags: number, length: number): Buffer => use('SL', [flags], [0, length], letters(length));
  const first = Array.from({ length: 31 }, () => part(1, 127));
  const target = (last: number): Buffer => Buffer.concat([...first, part(0, last)]);
  const record = (name: string, block: number, bytes: Buffer) => ({
    name,
    systemUse: [nameUse(name), posixUse(LINK), furtherUse(block, 0, bytes.byteLength)],
  });
  const disc = rockRidgeDisc([record('longest', 60, target(128)), record('longer', 70, target(129))]);
  disc.write(60, target(128)).write(70, target(129));
  expect(await listedBesideDamage(disc)).toEqual([['longest', 4096]]);
});

it('A record goes on for 256 KiB at most: one that goes on for more is left out and told', async () => {
  const record = (name: string, block: number) => ({
    name,
    systemUse: [nameUse(name), posixUse(FILE), furtherUse(block, 0, 60_000)],
  });
  const disc = rockRidgeDisc([record('much', 60), record('more', 70)]);
  // each area goes on in that of the next block: four of one record, five of the other
  for (const block of [60, 61, 62, 70, 71, 72, 73]) disc.write(block, furtherUse(block + 1, 0, 60_000));
  expect(await listedBesideDamage(disc)).toEqual([['much', 0]]);
});

it('A record that goes on in memory lets others have their turn, and hears who cancels', async () => {
  const round = furtherUse(0, 0, 600);
  const bytes = Buffer.concat([round, Buffer.alloc(2048)]);
  const source: ByteSource = {
    sizeBytes: bytes.byteLength,
    read: async (offset, into) => into.set(bytes.subarray(offset, offset + into.byteLength)),
  };
  const stop = new AbortController();
  setImmediate(() => stop.abort());
  const entries = systemUseEntries({ source, blockBytes: 2048 }, round, { signal: stop.signal });
  await expect(collect(entries)).rejects.toMatchObject({ code: 'ABORTED' });
});
