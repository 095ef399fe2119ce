import { loadBlake3 } from '@sendense/plugin-kit/digest';
import { collect, createMemoryFileSystem, seededBytes, seededInteger, seededRandom } from '@sendense/testkit';
import { testSeed } from '@sendense/tests/scale';
import { describe, expect, it } from 'vitest';
import { CLUSTER_BYTES, type DigestEntry, ENTRIES_PER_PAGE, PAGE_BYTES } from './digest-page.ts';
import { DigestReader } from './digest-reader.ts';
import { DigestWriter } from './digest-writer.ts';

const path = '/x.digests';
const blake3 = await loadBlake3();
const id = seededBytes(1, 16);

async function write(entries: readonly DigestEntry[], sizeBytes: number) {
  const fileSystem = createMemoryFileSystem();
  await using writer = new DigestWriter({
    handle: await fileSystem.open(path, 'create'),
    sizeBytes,
    id,
    blake3,
  });
  for (const [index, entry] of entries.entries()) {
    if (entry.kind === 'data') await writer.addData(entry.cluster, entry.digest);
    else await writer.addZeros(entry.cluster, entry.count);
    // Entries may follow a flush.
    if (index % 500 === 250) await writer.flush();
  }
  await writer.flush();
  const file = {
    path,
    sizeBytes,
    id: Buffer.from(id).toString('hex'),
    entries: writer.entries,
    pages: writer.pages,
  };
  return { fileSystem, file };
}

/** Data and zero runs with gaps, on more pages than the reader keeps; the last far beyond 2^32 clusters. */
function sample(random: () => number): DigestEntry[] {
  const entries: DigestEntry[] = [];
  let cluster = 3;
  for (let index = 0; index < 9 * ENTRIES_PER_PAGE + 7; index += 1) {
    const count = index % 3 === 0 ? 1 + seededInteger(random, 40) : 1;
    if (index % 3 === 0) entries.push({ kind: 'zero', cluster, count });
    else entries.push({ kind: 'data', cluster, count: 1, digest: seededBytes(index, 32) });
    cluster += count + (index % 3 === 2 ? 1 + seededInteger(random, 5) : 0);
  }
  entries.push({ kind: 'data', cluster: 2 ** 33 + 5, count: 1, digest: seededBytes(9, 32) });
  return entries;
}

describe('a digest file', () => {
  const entries = sample(seededRandom(testSeed()));
  const last = entries.at(-1)?.cluster ?? 0;
  const sizeBytes = (last + 1) * CLUSTER_BYTES;

  it('gives back its entries in order', async () => {
    const { fileSystem, file } = await write(entries, sizeBytes);
    await using reader = await DigestReader.open(file, fileSystem, blake3);
    expect(await collect(reader.entries())).toEqual(entries);
  });

  it('finds what covers a cluster, and how far the answer holds, in any order', async () => {
    const { fileSystem, file } = await write(entries, sizeBytes);
    await using reader = await DigestReader.open(file, fileSystem, blake3);
    const random = seededRandom(testSeed());
    const ascending = Array.from({ length: 9000 }, (_, cluster) => cluster);
    const anywhere = Array.from({ length: 3000 }, () => seededInteger(random, 50_000));
    for (const cluster of [...ascending, last, 0, ...anywhere, last + 1, last - 1]) {
      const entry = entries.findLast((other) => other.cluster <= cluster);
      const covers = entry !== undefined && cluster < entry.cluster + entry.count;
      const next = entries.find((other) => other.cluster > cluster)?.cluster ?? Number.MAX_SAFE_INTEGER;
      const found = await reader.find(cluster);
      expect(found).toEqual(covers ? { entry, end: entry.cluster + entry.count } : { end: next });
    }
  }, 60_000);

  it('without entries has nothing to find', async () => {
    const { fileSystem, file } = await write([], 0);
    await using reader = await DigestReader.open(file, fileSystem, blake3);
    expect(await reader.find(0)).toEqual({ end: Number.MAX_SAFE_INTEGER });
    expect(await collect(reader.entries())).toEqual([]);
  });

  it('of another data file, cut short, or with a page of another place is CORRUPT', async () => {
    const { fileSystem, file } = await write(entries, sizeBytes);
    const open = (change: object) => DigestReader.open({ ...file, ...change }, fileSystem, blake3);
    const corrupt = { code: 'CORRUPT' };
    await expect(open({ id: '00'.repeat(16) })).rejects.toMatchObject(corrupt);
    await expect(open({ sizeBytes: sizeBytes - 1 })).rejects.toMatchObject(corrupt);
    await expect(open({ pages: file.pages + 1 })).rejects.toMatchObject(corrupt);
    await using handle = await fileSystem.open(path, 'read-write');
    const page = new Uint8Array(PAGE_BYTES);
    await handle.read(page, PAGE_BYTES);
    await handle.write(page, 2 * PAGE_BYTES);
    await using reader = await open({});
    await expect(collect(reader.entries())).rejects.toMatchObject(corrupt);
  });
});
