import type { Call, DiskId, Fence, PointDraft, PointWriter } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { readDamagedPacks } from '../maintain/damaged-packs.ts';
import { readPlans } from '../maintain/plans.ts';
import { openMap } from '../map/open-map.ts';
import { checkRetention } from '../store/check-retention.ts';
import { askStoreTime } from '../store/store-time.ts';
import { checkDraft } from './check-draft.ts';
import { ChunkSink } from './chunk-sink.ts';
import { Deadline } from './deadline.ts';
import { DiskProgress } from './disk-progress.ts';
import { DiskWriter } from './disk-writer.ts';
import { lockOf } from './lock-objects.ts';
import { ObjectPointWriter, type PointInHand } from './point-writer.ts';

/** Starts a point; see `Repository.begin`. Nothing is stored before its first chunks but what tells the store's time. */
export async function beginPoint(
  context: RepositoryContext,
  draft: PointDraft,
  fence: Fence,
  call?: Call,
): Promise<PointWriter> {
  context.enter('begin-point', call);
  const { configuration, clock, retainMs, store } = context;
  if (retainMs !== undefined) checkRetention(store);
  await context.head?.check(call);
  const askTime = (asked: Call) => askStoreTime(context, asked);
  const deadline = await Deadline.begin(configuration.graceMs, clock, askTime, call);
  // The order is that of the format, section 4: plans, then manifests and index, then damage records.
  const plans = await readPlans(context, call);
  const { committed, bases, number } = await checkDraft(context, draft, call);
  await context.index.refresh(call);
  const damaged = await readDamagedPacks(context, call);
  const condemned = [...plans, ...damaged].map(({ packs }) => packs);
  const lock = lockOf(context);
  const sink = await ChunkSink.open(context, { condemned, deadline, lock });
  const knownDamage = new Set(damaged.map(({ key }) => key));
  const point = { draft, fence, committed, bases, number, sink, deadline, lock, knownDamage };
  try {
    return new ObjectPointWriter(context, { ...point, disks: await openDisks(context, point, call) });
  } catch (error) {
    await sink[Symbol.asyncDispose]();
    throw error;
  }
}

async function openDisks(
  context: RepositoryContext,
  { draft, committed, bases, sink }: Omit<PointInHand, 'disks'>,
  call?: Call,
): Promise<ReadonlyMap<DiskId, DiskWriter>> {
  const { chunkBytes } = context.configuration;
  const disks = new Map<DiskId, DiskWriter>();
  for (const disk of draft.disks) {
    const { id, sizeBytes } = disk;
    const found = bases.get(id);
    const base = found && openMap(context, found.disk.root, found.disk.sizeBytes);
    const progress = new DiskProgress(context, draft, disk, sink);
    const earlier = await progress.find(committed !== undefined, call);
    disks.set(id, new DiskWriter(sink, { sizeBytes, chunkBytes, base, earlier, progress }));
  }
  return disks;
}
