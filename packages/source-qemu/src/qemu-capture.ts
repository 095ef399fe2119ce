import {
  type Call,
  type Capture,
  type DiskId,
  type DiskView,
  instantId,
  type StreamId,
} from '@sendense/core';
import { createCapture, type SealedCapture } from '@sendense/plugin-kit/baselines';
import { type Baseline, createState } from './baseline-state.ts';
import { type DecidedDisk, type Decision, otherBaselines } from './capture-plan.ts';
import type { SourceContext } from './context.ts';
import type { FrozenInstant } from './host/machine-host.ts';

/** What a capture starts from. */
export type CaptureParts = {
  readonly stream: StreamId;
  /** Name of the baselines that were made with the instant. */
  readonly baseline: string;
  readonly decision: Decision;
  readonly instant: FrozenInstant;
  readonly disks: readonly DiskView[];
  /** Told when the capture is closed. */
  readonly closed: (capture: Capture) => void;
};

/** A frozen machine. The new baselines record since the instant itself; giving up takes them away again. */
export function qemuCapture(context: SourceContext, parts: CaptureParts): Capture {
  const { decision, instant, disks, baseline, stream, closed } = parts;
  const id = instantId(context.random.uuid());
  /** Each reader once; a second close does nothing. */
  const release = async () => {
    await Promise.allSettled(disks.map(({ reader }) => reader[Symbol.asyncDispose]()));
    return await instant.end();
  };
  const seal = async (call?: Call): Promise<SealedCapture> => {
    await instant.check(call);
    const findings = await release();
    const baselines = baselinesOf(parts);
    const { machine } = decision.machine;
    const state = baselines.size === 0 ? null : createState({ instant: id, machine, stream }, baselines);
    return { state, findings };
  };
  return createCapture(
    {
      instant: { id, at: instant.at },
      consistency: instant.consistency,
      spec: decision.machine.spec,
      disks,
      skipped: decision.skipped,
      artifacts: instant.artifacts,
      findings: [...decision.findings, ...instant.findings],
      otherBaselines: otherBaselines(decision, stream),
    },
    {
      seal,
      closed,
      release: async () => {
        // the failed read that ends the backup knows no more than a closed export
        if (instant.gaveUp !== undefined)
          context.log?.({ level: 'error', message: instant.gaveUp, fields: {} });
        await release();
      },
      abandon: async () => void (await context.host.removeBitmaps(({ name }) => name === baseline)),
    },
  );
}

/** The new baselines, of the disks in which one was made. */
function baselinesOf({ decision, instant, baseline }: CaptureParts): ReadonlyMap<DiskId, Baseline> {
  const tracked = new Set(instant.disks.filter((disk) => disk.tracked).map(({ id }) => id));
  const made = decision.disks.filter(({ disk }) => tracked.has(disk.id));
  return new Map(made.map((decided) => [decided.disk.id, baselineOf(decided, baseline)]));
}

function baselineOf({ disk }: DecidedDisk, bitmap: string): Baseline {
  return { bitmap, sizeBytes: disk.sizeBytes, images: [...disk.images] };
}
