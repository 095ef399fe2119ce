import assert from 'node:assert/strict';
import {
  copyBlocks,
  type DiskId,
  diskId,
  type Extent,
  type InstantId,
  instantId,
  type MachineRef,
  type MachineSpec,
  type ReplicaCycle,
  type ReplicaOperations,
  type ReplicaRef,
  type ReplicaStatus,
  type ReplicaWriter,
} from '@sendense/core';

import type { DiskContent } from '../../memory/disk/disk-content.ts';
import { openMemoryReader } from '../../memory/disk/memory-reader.ts';
import { createTestFence } from '../../memory/test-fence.ts';
import { seededBytes } from '../../seeded.ts';
import { readRange, sampleContent } from '../block-device/block-access.ts';
import { expectBytes } from '../expect.ts';
import { items } from '../repository/point-work.ts';
import type { ReplicaContext } from './replica-subject.ts';

/** A machine of the cases at one instant: its disks, and what changed since the instant before. */
export type Moment = {
  readonly id: InstantId;
  readonly disks: readonly { readonly content: DiskContent; readonly changes: readonly Extent[] }[];
};

/** A machine of two disks at `count` instants; each changes both disks in other places. */
export function moments(count: number): readonly Moment[] {
  const first = [sampleContent(), sampleContent(196_608)].map((content) => ({
    content,
    changes: [...content.extents()],
  }));
  const all: Moment[] = [{ id: instantId('instant-0'), disks: first }];
  for (let index = 1; index < count; index++) {
    const before = all[index - 1] ?? assert.fail();
    const disks = before.disks.map(({ content }, disk) => changedDisk(content, index, disk));
    all.push({ id: instantId(`instant-${index}`), disks });
  }
  return all;
}

function changedDisk(before: DiskContent, index: number, disk: number): Moment['disks'][number] {
  const content = before.snapshot();
  const offset = 4096 * (index * 2 + disk);
  const length = 8192;
  content.write(offset, seededBytes(1000 + index * 10 + disk, length));
  return { content, changes: [{ offset, length, kind: 'data' }] };
}

/** The model of the machine of the cases. */
export function specOf(moment: Moment): MachineSpec {
  return {
    schema: 1,
    name: 'replicated-1',
    platform: 'testkit',
    firmware: 'bios',
    architecture: 'x86_64',
    disks: moment.disks.map(({ content }, number) => ({
      id: diskOf(number),
      slot: { bus: 'virtio', controller: 0, unit: number },
      sizeBytes: content.sizeBytes,
      sectorBytes: 512,
    })),
    nics: [],
  };
}

/** The id of disk `number` at the source. */
export function diskOf(number: number): DiskId {
  return diskId(`source-disk-${number}`);
}

/** The cycle from one moment to another. */
export function cycleOf(replica: ReplicaRef, from: Moment | null, to: Moment): ReplicaCycle {
  return { id: `cycle-${to.id}`, replica, from: from?.id ?? null, to: to.id, spec: specOf(to) };
}

/** Sends what changed, and flushes. */
export async function send(writer: ReplicaWriter, { disks }: Moment): Promise<void> {
  for (const [number, { content, changes }] of disks.entries()) {
    const to = writer.disks.get(diskOf(number)) ?? assert.fail(`no writer for disk ${number}`);
    await copyBlocks({ from: openMemoryReader(content), to, extents: items([...changes]) });
    await to.flush();
  }
}

/** One whole cycle. */
export async function sync(
  replicas: ReplicaOperations,
  replica: ReplicaRef,
  from: Moment | null,
  to: Moment,
): Promise<ReplicaStatus> {
  const writer = await replicas.begin(cycleOf(replica, from, to), createTestFence());
  try {
    await send(writer, to);
    return await writer.commit();
  } finally {
    await writer[Symbol.asyncDispose]();
  }
}

/** A replica that was brought through `count` moments. */
export async function syncedReplica(
  { replicas, newReplica }: ReplicaContext,
  count: number,
): Promise<{ readonly replica: ReplicaRef; readonly history: readonly Moment[] }> {
  const replica = newReplica();
  const history = moments(count);
  for (const [index, moment] of history.entries()) {
    await sync(replicas, replica, history[index - 1] ?? null, moment);
  }
  return { replica, history };
}

/** Fails unless a machine would start with exactly the disks of `moment`. */
export async function expectMachine(
  { disk }: Pick<ReplicaContext, 'disk'>,
  machine: MachineRef,
  moment: Moment,
): Promise<void> {
  for (const [number, { content }] of moment.disks.entries()) {
    const reader = await disk(machine, number);
    expectBytes(await readRange(reader), content.bytes(), `disk ${number} at ${moment.id}`);
    await reader[Symbol.asyncDispose]();
  }
}

/** Fails unless the replica gives exactly the disks of `moment` when that is opened. */
export async function expectInstant(
  replicas: ReplicaOperations,
  replica: ReplicaRef,
  moment: Moment,
): Promise<void> {
  const point = await replicas.open(replica, moment.id);
  assert.equal(point.point.instant, moment.id);
  for (const [number, { content }] of moment.disks.entries()) {
    const view = point.disks[number] ?? assert.fail(`disk ${number} is missing`);
    expectBytes(await readRange(view.reader), content.bytes(), `disk ${number} at ${moment.id}`);
  }
  await point[Symbol.asyncDispose]();
}
