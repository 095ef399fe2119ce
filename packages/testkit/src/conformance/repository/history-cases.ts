import assert from 'node:assert/strict';
import type { PointId, RepositoryCapabilities } from '@sendense/core';
import type { DiskContent } from '../../memory/disk/disk-content.ts';
import { seededBytes, seededInteger, seededRandom } from '../../seeded.ts';
import { sampleContent } from '../block-device/block-access.ts';
import type { ConformanceCase } from '../case.ts';
import { settle } from '../expect.ts';
import { beginWritten } from './commit-cases.ts';
import { maintenanceOf } from './maintenance-cases.ts';
import { changed, expectPoint, pointIds, type WrittenPoint, writePoint } from './point-work.ts';
import type { RepositoryContext } from './repository-subject.ts';

/** What a history knows: the contents of the points that must be there, in the order they were made. */
type History = { readonly points: Map<PointId, DiskContent>; content: DiskContent; sequence: number };

/** Long random lives of a repository, each step compared with a model. */
export const historyCases: readonly ConformanceCase<RepositoryContext, RepositoryCapabilities>[] = [
  1, 2, 3,
].map((seed) => ({
  name: `keeps every point through a random history of backups, give-ups, deletes and prunes (seed ${seed})`,
  clause: 'invariants 1, 11 and 12 together',
  run: (context) => live(context, seed, 14),
}));

async function live(context: RepositoryContext, seed: number, steps: number): Promise<void> {
  const random = seededRandom(seed);
  const history: History = { points: new Map(), content: sampleContent(), sequence: 0 };
  for (let step = 0; step < steps; step++) {
    const choice = seededInteger(random, 10);
    if (choice < 6) await backUp(context, history, random);
    else if (choice === 6) await giveUp(context, history);
    else if (choice === 7) await remove(context, history, random);
    else if (choice === 8) await consolidate(context, history, random);
    else await prune(context, history);
    const other = await context.reopen();
    assert.deepEqual(await pointIds(other), [...history.points.keys()], `seed ${seed}, step ${step}`);
    for (const [id, content] of history.points) await expectPoint(other, id, { 'disk-a': content });
    await other[Symbol.asyncDispose]();
  }
}

async function backUp(
  { repository, capabilities }: RepositoryContext,
  history: History,
  random: () => number,
): Promise<void> {
  const offset = seededInteger(random, 14) * 65_536;
  const step = changed(history.content, offset, seededBytes(offset + history.sequence, 65_536));
  const base = [...history.points].at(-1)?.[0];
  const delta = base !== undefined && capabilities.incremental && seededInteger(random, 4) > 0;
  const point: WrittenPoint = {
    sequence: history.sequence + 1,
    disks: { 'disk-a': delta ? { ...step, base } : { content: step.content } },
  };
  // a delta names its base's instant, so it is what changed since that point, whatever the machine did before it
  if (delta && history.points.get(base) !== history.content) return;
  const { id } = await writePoint(repository, point);
  history.sequence += 1;
  history.content = step.content;
  history.points.set(id, step.content);
}

async function giveUp({ repository }: RepositoryContext, history: History): Promise<void> {
  const disks = { 'disk-a': { content: history.content } };
  const writer = await beginWritten(repository, { sequence: history.sequence + 1, disks });
  await writer[Symbol.asyncDispose]();
}

async function remove(
  { repository }: RepositoryContext,
  { points }: History,
  random: () => number,
): Promise<void> {
  const id = [...points.keys()][seededInteger(random, Math.max(1, points.size))];
  if (id === undefined) return;
  const outcome = await settle(() => maintenanceOf(repository).delete(id));
  if (outcome.ok) points.delete(id);
}

async function consolidate(
  { repository }: RepositoryContext,
  { points }: History,
  random: () => number,
): Promise<void> {
  const point = [...points.keys()][seededInteger(random, Math.max(1, points.size))];
  if (point !== undefined) await maintenanceOf(repository).consolidate?.({ kind: 'synthetic-full', point });
}

async function prune({ repository }: RepositoryContext, { points }: History): Promise<void> {
  const { removed } = await maintenanceOf(repository).prune({ last: 3 });
  assert.deepEqual(removed.toSorted(), [...points.keys()].slice(0, -3).sort());
  for (const id of removed) points.delete(id);
}
