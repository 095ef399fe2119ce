import assert from 'node:assert/strict';
import {
  copyBlocks,
  diskId,
  type Keep,
  type RestorePlan,
  type RestoreRequest,
  type RestoreResult,
  type RestoreRun,
  type RestoreState,
  type RestoreWriter,
  type TargetConnector,
} from '@sendense/core';
import type { DiskContent } from '../../memory/disk/disk-content.ts';
import { openMemoryReader } from '../../memory/disk/memory-reader.ts';
import { createTestFence, type TestFence } from '../../memory/test-fence.ts';
import { DISK_BYTES, readRange, sampleContent } from '../block-device/block-access.ts';
import { expectBytes } from '../expect.ts';
import { items } from '../repository/point-work.ts';
import type { TargetContext } from './target-subject.ts';

/** The disks of the cases; the target may round their sizes up. */
export const RESTORED: readonly DiskContent[] = [sampleContent(), sampleContent(196_608 + 512)];

/** A run of a restore that remembers its saves, as the engine's journal does. */
export type TestRun = RestoreRun & { readonly fence: TestFence; readonly saved: RestoreState[] };

/** Makes a run, or one that goes on from what an earlier one saved. */
export function runOf(earlier?: TestRun): TestRun {
  const saved: RestoreState[] = [];
  const resume = earlier?.saved.at(-1);
  return {
    fence: createTestFence(),
    saved,
    async save(state) {
      saved.push(structuredClone(state));
    },
    ...(resume === undefined ? {} : { resume }),
  };
}

/** What a user asks: both disks, as the target likes them best. */
export function restoreRequest(context: TargetContext, given: Partial<RestoreRequest> = {}): RestoreRequest {
  const disks = RESTORED.map(({ sizeBytes }, number) => ({
    id: diskId(`disk-${number}`),
    number,
    slot: { bus: 'virtio' as const, controller: 0, unit: number },
    sizeBytes,
    sectorBytes: 512 as const,
  }));
  return {
    spec: {
      schema: 1,
      name: 'restored-1',
      platform: 'testkit',
      firmware: context.capabilities.firmware[0] ?? 'bios',
      architecture: 'x86_64',
      disks: disks.map(({ id, slot, sizeBytes, sectorBytes }) => ({ id, slot, sizeBytes, sectorBytes })),
      nics: [{ macAddress: '52:54:00:00:00:01', model: 'virtio' }],
    },
    disks,
    into: context.capabilities.into[0] ?? 'disks-only',
    overwrite: false,
    start: false,
    options: context.options,
    ...given,
  };
}

/** The plan of a request that must be compatible. */
export async function planOf(
  context: TargetContext,
  given: Partial<RestoreRequest> = {},
): Promise<RestorePlan> {
  const { plan, findings } = await context.target.check(restoreRequest(context, given));
  return plan ?? assert.fail(`not compatible: ${JSON.stringify(findings)}`);
}

/** Copies both disks, leaving out what an earlier attempt made durable, and flushes. Gives the bytes that were sent. */
export async function copyAll(writer: RestoreWriter): Promise<number> {
  let sent = 0;
  for (const [number, content] of RESTORED.entries()) {
    const to = writer.disks.get(diskId(`disk-${number}`)) ?? assert.fail(`no writer for disk ${number}`);
    const extents = to.untouched === 'zero' ? [...content.extents()].filter(isData) : [...content.extents()];
    const copied = await copyBlocks({ from: openMemoryReader(content), to, extents: items(extents) });
    sent += copied.bytesWritten;
    await to.flush();
  }
  return sent;
}

function isData({ kind }: { readonly kind: string }): boolean {
  return kind === 'data';
}

/** A whole restore. */
export async function restore(
  target: TargetConnector,
  plan: RestorePlan,
  run: TestRun = runOf(),
): Promise<{ readonly result: RestoreResult; readonly run: TestRun }> {
  const writer = await target.begin(plan, run);
  try {
    await copyAll(writer);
    return { result: await writer.commit(), run };
  } finally {
    await writer[Symbol.asyncDispose]();
  }
}

/** Fails unless the restored disks hold the disks of the cases, and zeros in what was rounded up. */
export async function expectRestored(context: TargetContext, result: RestoreResult): Promise<void> {
  for (const [number, content] of RESTORED.entries()) {
    const reader = await context.restored(result, number);
    const bytes = await readRange(reader);
    await reader[Symbol.asyncDispose]();
    const wanted = content.snapshot();
    wanted.resize(Math.max(bytes.byteLength, content.sizeBytes));
    expectBytes(bytes, wanted.bytes(), `restored disk ${number}`);
  }
}

/** A keep that names nothing unless told. */
export function keepRestores(owner: string, given: Partial<Keep> = {}): Keep {
  return { owner, states: [], captures: [], restores: [], replicas: [], graceMs: 0, ...given };
}

/** Size of the first disk of the cases. */
export const FIRST_DISK_BYTES = DISK_BYTES;
