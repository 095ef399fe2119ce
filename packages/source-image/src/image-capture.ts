import {
  type Call,
  type Capture,
  type ChangeState,
  type DiskId,
  type Finding,
  type InstantId,
  throwIfAborted,
} from '@sendense/core';
import { sectorBytesOf } from '@sendense/formats';
import {
  addBaseline,
  closeImages,
  instantLost,
  removeBaselines,
  steadyReader,
} from '@sendense/platform-image';
import { createCapture, type SealedCapture, serializeBitmapName } from '@sendense/plugin-kit/baselines';
import type { Baseline } from './baseline-state.ts';
import { createState } from './baseline-state.ts';
import type { DecidedDisk } from './capture-plan.ts';
import { imageFile, type SourceContext } from './context.ts';
import { MAX_BASELINES } from './why-no-baseline.ts';

/** What a capture starts from. */
export type CaptureParts = Pick<Capture, 'spec' | 'skipped' | 'findings'> & {
  readonly instant: InstantId;
  readonly stream: ChangeState['stream'];
  readonly captureId: Parameters<typeof serializeBitmapName>[0]['capture'];
  readonly machine: ChangeState['machine'];
  readonly disks: readonly DecidedDisk[];
  /** Told when the capture is closed. */
  readonly closed: (capture: Capture) => void;
};

/** What is made for one disk, and what is to be told about it. */
type Made = { readonly baseline: Baseline | undefined; readonly findings: readonly Finding[] };

async function removeFrom(context: SourceContext, disk: DecidedDisk, bitmap: string): Promise<void> {
  await removeBaselines(context, imageFile(context, disk.path), (name) => name === bitmap);
}

/** A disk whose baseline fails is left out: its bytes are good, only its next backup is a full. */
async function addTo(context: SourceContext, disk: DecidedDisk, bitmap: string): Promise<Made> {
  const [top, ...parents] = disk.watch.versions;
  try {
    await removeFrom(context, disk, bitmap);
    await addBaseline(context, imageFile(context, disk.path), { name: bitmap, max: MAX_BASELINES });
    // Our own edit is no change: what was written between the last look and the bitmap is recorded nowhere.
    const changed = await disk.watch.changedFile();
    if (changed !== undefined) {
      await removeFrom(context, disk, bitmap);
      throw instantLost(changed);
    }
  } catch (error) {
    const message = `no baseline could be kept: ${error instanceof Error ? error.message : String(error)}`;
    const { id, path } = disk;
    const finding = {
      severity: 'warning',
      code: 'baseline-failed',
      message,
      disk: id,
      object: path,
    } as const;
    return { baseline: undefined, findings: [finding] };
  }
  const { sizeBytes } = disk.image;
  return { baseline: { bitmap, sizeBytes, identity: top?.identity ?? '', parents }, findings: [] };
}

/** Images at rest, as they stand from now on. `seal` proves that they stood still and adds the baselines. */
export function imageCapture(context: SourceContext, parts: CaptureParts): Capture {
  const { captureId, stream, machine, disks, spec, skipped, findings, closed } = parts;
  const at = context.clock.now();
  const bitmap = serializeBitmapName({ capture: captureId, stream, at });
  const instant = { id: parts.instant, at };
  const seal = async (call?: Call): Promise<SealedCapture> => {
    for (const { watch } of disks) {
      const changed = await watch.changedFile();
      if (changed !== undefined) throw instantLost(changed);
    }
    const baselines = new Map<DiskId, Baseline>();
    const late: Finding[] = [];
    for (const disk of disks) {
      throwIfAborted(call?.signal, 'seal-capture');
      if (disk.refusal !== undefined) continue;
      const made = await addTo(context, disk, bitmap);
      late.push(...made.findings);
      if (made.baseline !== undefined) baselines.set(disk.id, made.baseline);
    }
    const origin = { instant: instant.id, machine, stream };
    return { state: baselines.size === 0 ? null : createState(origin, baselines), findings: late };
  };
  const views = disks.map((disk) => ({
    id: disk.id,
    slot: disk.slot,
    sizeBytes: disk.image.sizeBytes,
    sectorBytes: sectorBytesOf(disk.image),
    reader: steadyReader(disk),
    changes: disk.choice.changes,
  }));
  return createCapture(
    { instant, consistency: 'crash', spec, disks: views, skipped, artifacts: [], findings },
    {
      seal,
      closed,
      release: async () => await closeImages(disks).catch(() => undefined),
      abandon: async () => {
        for (const disk of disks) await removeFrom(context, disk, bitmap).catch(() => undefined);
      },
    },
  );
}
