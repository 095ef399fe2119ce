import { hostname } from 'node:os';
import {
  type CapturePlan,
  type CaptureRequest,
  type DiskPlan,
  type Finding,
  type MachineRef,
  SendenseError,
  type SkippedDisk,
  type StreamId,
} from '@sendense/core';
import { isNamedBy, parseBitmapName } from '@sendense/plugin-kit/baselines';
import { type ChosenChanges, chooseChanges } from './choose-changes.ts';
import type { SourceContext } from './context.ts';
import type { HostDisk, HostMachine } from './host/machine-host.ts';

/** Backups that one host bears at a time. */
const LANES_PER_HOST = 10;

/** A disk with what a capture does with it. */
export type DecidedDisk = {
  readonly disk: HostDisk;
  readonly choice: ChosenChanges;
  /** Why no new baseline can be made, or `undefined`. */
  readonly refusal: string | undefined;
};

/** What a capture does. */
export type Decision = {
  readonly machine: HostMachine;
  readonly disks: readonly DecidedDisk[];
  readonly skipped: readonly SkippedDisk[];
  readonly findings: readonly Finding[];
};

/** Rejects with `NOT_FOUND` unless `asked` is the machine of this source. */
export function checkMachine(asked: MachineRef, { machine }: HostMachine): void {
  if (asked.connection === machine.connection && asked.id === machine.id) return;
  throw new SendenseError('NOT_FOUND', `this source holds ${machine.id}, not ${asked.id}`, {
    operation: 'find-machine',
    remedy: 'open a source for that machine',
  });
}

/** Why `disk` gets no new baseline. Bitmaps that an earlier call with this capture id left do not count: they go. */
function whyNoBaseline(
  { options }: SourceContext,
  request: CaptureRequest,
  disk: HostDisk,
): string | undefined {
  if (options.track === 'off') return 'change tracking is switched off for this source';
  if (disk.untracked !== undefined) return disk.untracked;
  const ours = disk.bitmaps.flatMap(({ name }) => parseBitmapName(name) ?? []);
  const staying = ours.filter(
    ({ capture, name }) => capture !== request.id || isNamedBy(request.since, name),
  );
  if (staying.length < options.maxBaselines) return undefined;
  return (
    `it holds ${staying.length} baselines already, of ${new Set(staying.map(({ stream }) => stream)).size} streams; ` +
    'reconcile removes those that nothing needs, and the option maxBaselines allows more'
  );
}

/** Decides each disk of the machine as it is now. */
export async function decide(
  context: SourceContext,
  request: CaptureRequest,
  machine: HostMachine,
): Promise<Decision> {
  const excluded = new Set(request.disks?.exclude);
  const { track } = context.options;
  const disks: DecidedDisk[] = [];
  for (const disk of machine.disks.filter(({ id }) => !excluded.has(id))) {
    const refusal = whyNoBaseline(context, request, disk);
    const untracked = track === 'off' ? refusal : disk.untracked;
    const since = track === 'off' ? [] : request.since;
    const choice = await chooseChanges({ ...disk, untracked }, since, context.clock.now());
    disks.push({ disk, choice, refusal });
  }
  const left = machine.disks.filter(({ id }) => excluded.has(id));
  const skipped = [...left.map(({ id }) => ({ id, reason: 'excluded by the request' })), ...machine.skipped];
  return { machine, disks, skipped, findings: [...machine.findings, ...disks.flatMap(findingsOf)] };
}

/** Reasons of a full that nobody wonders about, or that another finding tells. */
const EXPECTED: ReadonlySet<string> = new Set(['first-backup', 'no-change-tracking']);

function findingsOf({ disk, choice, refusal }: DecidedDisk): readonly Finding[] {
  const of = (severity: Finding['severity'], code: string, message: string): Finding => {
    return { severity, code, message: `${disk.id}: ${message}`, disk: disk.id };
  };
  return [
    ...(refusal === undefined ? [] : [of('info', 'no-change-tracking', refusal)]),
    ...(choice.kind === 'full' && !EXPECTED.has(choice.reason)
      ? [of('warning', choice.reason, `all of it is read: ${choice.detail}`)]
      : []),
  ];
}

function diskPlan({ disk, choice }: DecidedDisk): DiskPlan {
  const { id, sizeBytes } = disk;
  if (choice.kind === 'full') {
    const { kind, reason, detail } = choice;
    return { id, sizeBytes, kind, reason, detail, changedBytes: sizeBytes, readBytes: sizeBytes };
  }
  const dirtyBytes = Math.min(choice.bitmap.dirtyBytes ?? sizeBytes, sizeBytes);
  const detail = `since instant ${choice.since}`;
  const { kind } = choice;
  return { id, sizeBytes, kind, reason: null, detail, changedBytes: dirtyBytes, readBytes: dirtyBytes };
}

/** How many bitmaps of ours are of other streams, in the disk that has most of them. */
export function otherBaselines({ disks }: Decision, own: StreamId): number {
  const counts = disks.map(({ disk }) => {
    const streams = disk.bitmaps.flatMap(({ name }) => parseBitmapName(name)?.stream ?? []);
    return streams.filter((stream) => stream !== own).length;
  });
  return Math.max(0, ...counts);
}

/** The dry run: what a capture would do with each disk. Of a full it is not known what the disk has allocated. */
export function planOf(decision: Decision, weakened: readonly Finding[], stream: StreamId): CapturePlan {
  return {
    disks: decision.disks.map(diskPlan),
    skipped: decision.skipped,
    lanes: [{ key: `kvm-host:${hostname()}`, max: LANES_PER_HOST }],
    findings: [
      ...decision.findings,
      ...weakened,
      ...(decision.disks.length === 0 || decision.machine.power === 'off' ? [] : [BITMAPS_IN_MEMORY]),
    ],
    otherBaselines: otherBaselines(decision, stream),
  };
}

/** The hole that this platform has. */
const BITMAPS_IN_MEMORY: Finding = {
  severity: 'info',
  code: 'bitmaps-in-memory',
  message: 'QEMU saves its bitmaps when it ends cleanly; after a crash of the host the next backup is full',
};
