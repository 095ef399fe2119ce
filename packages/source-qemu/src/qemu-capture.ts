import {
  type Call,
  type Capture,
  type ChangeState,
  type DiskId,
  type DiskView,
  type Finding,
  instantId,
  type StreamId,
} from '@sendense/core';
import { parseBitmapName } from '@sendense/plugin-kit/baselines';
import { type Baseline, createState } from './baseline-state.ts';
import type { DecidedDisk, Decision } from './capture-plan.ts';
import type { SourceContext } from './context.ts';
import type { FrozenInstant, HostDisk } from './host/machine-host.ts';

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
export class QemuCapture implements Capture {
  readonly instant;
  readonly consistency;
  readonly spec;
  readonly disks: readonly DiskView[];
  readonly skipped;
  readonly artifacts;
  readonly findings;
  readonly otherBaselines: number;
  readonly #context: SourceContext;
  readonly #parts: CaptureParts;
  readonly #lateFindings: Finding[] = [];
  #sealing: Promise<ChangeState | null> | undefined;
  #committed = false;
  #disposing: Promise<void> | undefined;

  constructor(context: SourceContext, parts: CaptureParts) {
    const { decision, instant, disks } = parts;
    this.#context = context;
    this.#parts = parts;
    this.instant = { id: instantId(context.random.uuid()), at: instant.at };
    this.consistency = instant.consistency;
    this.spec = decision.machine.spec;
    this.skipped = decision.skipped;
    this.artifacts = instant.artifacts;
    this.findings = [...decision.findings, ...instant.findings];
    this.disks = disks;
    this.otherBaselines = Math.max(0, ...decision.disks.map(({ disk }) => strangers(disk, parts.stream)));
  }

  seal(call?: Call): Promise<ChangeState | null> {
    this.#sealing ??= this.#seal(call).catch((error: unknown) => {
      if (call?.signal?.aborted === true) this.#sealing = undefined;
      throw error;
    });
    return this.#sealing;
  }

  async commit(): Promise<readonly Finding[]> {
    this.#committed = true;
    return this.#lateFindings;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposing ??= this.#giveUp();
    return this.#disposing;
  }

  async #seal(call: Call | undefined): Promise<ChangeState | null> {
    const { decision, baseline, instant, stream } = this.#parts;
    await instant.check(call);
    await this.#closeDisks();
    this.#lateFindings.push(...(await instant.end(call)));
    const tracked = new Set(instant.disks.filter((disk) => disk.tracked).map(({ id }) => id));
    const baselines = new Map<DiskId, Baseline>();
    for (const decided of decision.disks) {
      if (tracked.has(decided.disk.id)) baselines.set(decided.disk.id, baselineOf(decided, baseline));
    }
    if (baselines.size === 0) return null;
    return createState({ instant: this.instant.id, machine: decision.machine.machine, stream }, baselines);
  }

  /** Each reader once; a second close does nothing. */
  async #closeDisks(): Promise<void> {
    await Promise.allSettled(this.disks.map(({ reader }) => reader[Symbol.asyncDispose]()));
  }

  /** Lets the machine go; without a commit the candidates go too. A failure leaks: `reconcile` finds it by its name. */
  async #giveUp(): Promise<void> {
    const { instant, baseline, closed } = this.#parts;
    closed(this);
    await this.#sealing?.catch(() => null);
    await this.#closeDisks();
    await instant.end();
    if (this.#committed) return;
    await this.#context.host.removeBitmaps(({ name }) => name === baseline).catch(() => undefined);
  }
}

/** Our bitmaps of other streams in a disk. */
function strangers({ bitmaps }: HostDisk, own: StreamId): number {
  const streams = bitmaps.flatMap(({ name }) => parseBitmapName(name)?.stream ?? []);
  return streams.filter((stream) => stream !== own).length;
}

function baselineOf({ disk }: DecidedDisk, bitmap: string): Baseline {
  return { bitmap, sizeBytes: disk.sizeBytes, images: [...disk.images] };
}
