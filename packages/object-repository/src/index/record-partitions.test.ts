import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { describe, expect, it } from 'vitest';
import { RecordPartitions } from './record-partitions.ts';
import { tableStorageIn } from './table-storage.ts';

const BYTES = 32;
const create = tableStorageIn(nodeFileSystem, tmpdir());
const idOf = (seed: number): Buffer => createHash('sha256').update(`${seed}`).digest();

async function takeParts(partitions: RecordPartitions): Promise<readonly string[][]> {
  const parts: string[][] = [];
  for await (const part of partitions.parts())
    parts.push(
      Array.from({ length: part.byteLength / BYTES }, (_, index) =>
        part.toString('hex', index * BYTES, (index + 1) * BYTES),
      ),
    );
  return parts;
}

describe('records divided by their ids', () => {
  it('come back each once, part after part, and the division may be used again', async () => {
    await using partitions = await RecordPartitions.open(create, 20_000, 3000, BYTES);
    for (const first of [0, 50_000]) {
      const ids = Array.from({ length: 20_000 }, (_, seed) => idOf(first + seed));
      await partitions.add(Buffer.concat(ids));
      const parts = await takeParts(partitions);
      expect(parts.length).toBe(7);
      const firsts = parts.map((part) => part.toSorted()[0]);
      const lasts = parts.map((part) => part.toSorted().at(-1));
      for (const [index, last] of lasts.slice(0, -1).entries())
        expect(Buffer.from(last ?? '').compare(Buffer.from(firsts[index + 1] ?? ''))).toBe(-1);
      expect(parts.flat().toSorted()).toEqual(ids.map((id) => id.toString('hex')).toSorted());
    }
  });

  it('come in pieces of the size of a part where many are of one part', async () => {
    await using partitions = await RecordPartitions.open(create, 20_000, 3000, BYTES);
    await partitions.add(Buffer.concat(Array.from({ length: 20_000 }, () => idOf(1))));
    const parts = await takeParts(partitions);
    expect(parts.flat()).toHaveLength(20_000);
    expect(Math.max(...parts.map(({ length }) => length))).toBeLessThanOrEqual(4096);
  });
});
