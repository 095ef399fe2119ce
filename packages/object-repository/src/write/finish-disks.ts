import type { Call, ChangeState } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { rootText } from '../map/open-map.ts';
import type { PointRecord, RecordArtifact, RecordDisk } from '../records/point-record.ts';
import type { Base } from './check-draft.ts';
import { numberDisks } from './disk-numbers.ts';
import type { PointInHand } from './point-writer.ts';

/** Ends the maps of all disks, makes everything durable, and gives the manifest. */
export async function finishDisks(
  context: RepositoryContext,
  { draft, disks: writers, bases, sink, lock, deadline }: PointInHand,
  artifacts: readonly RecordArtifact[],
  states: readonly ChangeState[],
  call?: Call,
): Promise<PointRecord> {
  const roots = new Map<string, string | null>();
  for (const [id, writer] of writers) roots.set(id, rootText(await writer.finish(call)));
  await sink.flush();
  const ids = draft.disks.map(({ id }) => id);
  const numbers = await numberDisks(context, draft.machine, ids, lock, call);
  const disks = draft.disks.map((disk): RecordDisk => {
    const writer = writers.get(disk.id);
    return {
      ...disk,
      number: numbers.get(disk.id) ?? 0,
      storedBytes: writer?.meter.storedBytes ?? 0,
      writtenBytes: writer?.writtenBytes ?? 0,
      root: roots.get(disk.id) ?? null,
    };
  });
  return {
    ...draft,
    disks,
    parentId: newest([...bases.values()])?.id ?? null,
    storedBytes: disks.reduce((sum, { storedBytes }) => sum + storedBytes, 0),
    states,
    artifacts,
    held: false,
    note: draft.note ?? null,
    begunAt: deadline.begunAt,
    configuredAt: context.configuredAt,
    ...(lock.retainUntil === undefined ? {} : { retainUntil: lock.retainUntil }),
  };
}

function newest(bases: readonly Base[]): PointRecord | undefined {
  return bases.map(({ record }) => record).toSorted((a, b) => b.at.getTime() - a.at.getTime())[0];
}
