import { Secret } from '@sendense/core';
import {
  createObjectRepository,
  type ObjectRepository,
  openObjectRepository,
} from '@sendense/object-repository';
import { soloFence } from '@sendense/plugin-kit';
import { collect, samplePoint, seededBytes } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { expect, it } from 'vitest';
import { startBlobService } from './fixtures.ts';

const DAY_MS = 24 * 3_600_000;
const retainMs = 30 * DAY_MS;
const key = { passphrase: new Secret('a passphrase for tests') };

async function writePoint(repository: ObjectRepository): Promise<void> {
  const { note: _, ...draft } = samplePoint('one', [null]);
  await using writer = await repository.begin(draft, soloFence);
  for (const disk of writer.disks.values()) {
    await disk.write(0, seededBytes(1, 65_536));
    await disk.flush();
  }
  await writer.commit([]);
}

describeWithPeers(['azurite'], 'immutability policies of a point that is kept for longer', () => {
  it('are made longer by a renewal, until the same time on all that the point needs', async () => {
    await using service = await startBlobService();
    const open = () => service.open({ prefix: 'repository', immutability: 'locked' });
    const settings = { chunkBytes: 65_536, scryptCostLog2: 14, retainMs };
    await using repository = await createObjectRepository({ store: await open(), key, ...settings });
    await writePoint(repository);
    const later = new Date(Date.now() + retainMs);
    const clock = { now: () => later, monotonicMs: () => performance.now() };
    await using other = await openObjectRepository({ store: await open(), key }, { clock });
    const { until, points, findings } = await other.maintenance.renewLocks();
    expect({ points, findings }).toEqual({ points: 1, findings: [] });
    expect(until.getTime()).toBeGreaterThan(later.getTime() + retainMs);

    await using store = await open();
    const kept: string[] = [];
    for (const { key: object } of await collect(store.list(''))) {
      const { retainUntil } = (await store.head(object)) ?? {};
      if (retainUntil === undefined || retainUntil < until) continue;
      kept.push(object.split('/')[0] ?? '');
      await expect(store.delete(object)).rejects.toMatchObject({ code: 'IMMUTABLE' });
    }
    expect(new Set(kept)).toEqual(
      new Set(['sendense-object-repository', 'keys', 'packs', 'points', 'disks']),
    );
  });
});
