import {
  type Call,
  type Capture,
  type ChangeState,
  type DiskId,
  type DiskView,
  type Finding,
  instantId,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import {
  addBaseline,
  closeImages,
  instantLost,
  removeBaselines,
  steadyReader,
} from '@sendense/platform-image';
import { serializeBitmapName } from '@sendense/plugin-kit/baselines';
import type { Baseline } from './baseline-state.ts';
import { createState } from './baseline-state.ts';
import type { DecidedDisk } from './capture-plan.ts';
import { imageFile, type SourceContext } from './context.ts';
import { MAX_BASELINES } from './why-no-baseline.ts';

/** What a capture starts from. */
export type CaptureParts = Pick<Capture, 'spec' | 'skipped' | 'findings'> & {
  readonly stream: ChangeState['stream'];
  readonly captureId: Parameters<typeof serializeBitmapName>[0]['capture'];
  readonly machine: ChangeState['machine'];
  readonly disks: readonly DecidedDisk[];
  /** Told when the capture is closed. */
  readonly closed: (capture: Capture) => void;
};

/** Images at rest, as they stand from now on. `seal` proves that they stood still and adds the baselines. */
export class ImageCapture implements Capture {
  readonly instant;
  readonly consistency = 'crash';
  readonly spec;
  readonly disks: readonly DiskView[];
  readonly skipped;
  readonly artifacts = [];
  readonly findings;
  readonly #context: SourceContext;
  readonly #parts: CaptureParts;
  readonly #bitmap: string;
  readonly #lateFindings: Finding[] = [];
  #sealing: Promise<ChangeState | null> | undefined;
  #committed = false;
  #disposing: Promise<void> | undefined;

  constructor(context: SourceContext, parts: CaptureParts) {
    const at = context.clock.now();
    this.#context = context;
    this.#parts = parts;
    this.#bitmap = serializeBitmapName({ capture: parts.captureId, stream: parts.stream, at });
    this.instant = { id: instantId(context.random.uuid()), at };
    this.spec = parts.spec;
    this.skipped = parts.skipped;
    this.findings = parts.findings;
    this.disks = parts.disks.map((disk) => ({
      id: disk.id,
      slot: disk.slot,
      sizeBytes: disk.image.sizeBytes,
      sectorBytes: 512,
      reader: steadyReader(disk),
      changes: disk.choice.changes,
    }));
  }

  seal(call?: Call): Promise<ChangeState | null> {
    this.#sealing ??= this.#seal(call).catch((error: unknown) => {
      if (!SendenseError.is(error, 'INSTANT_LOST')) this.#sealing = undefined;
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
    for (const { watch } of this.#parts.disks) {
      const changed = await watch.changedFile();
      if (changed !== undefined) throw instantLost(changed);
    }
    const baselines = new Map<DiskId, Baseline>();
    for (const disk of this.#parts.disks) {
      throwIfAborted(call?.signal, 'seal-capture');
      const baseline = disk.refusal === undefined ? await this.#addTo(disk) : undefined;
      if (baseline !== undefined) baselines.set(disk.id, baseline);
    }
    if (baselines.size === 0) return null;
    const { machine, stream } = this.#parts;
    return createState({ instant: this.instant.id, machine, stream }, baselines);
  }

  /** A disk whose baseline fails is left out: its bytes are good, only its next backup is a full. */
  async #addTo(disk: DecidedDisk): Promise<Baseline | undefined> {
    const [top, ...parents] = disk.watch.versions;
    try {
      await this.#removeFrom(disk);
      const made = { name: this.#bitmap, max: MAX_BASELINES };
      await addBaseline(this.#context, imageFile(this.#context, disk.path), made);
      // Our own edit is no change: what was written between the last look and the bitmap is recorded nowhere.
      const changed = await disk.watch.changedFile();
      if (changed !== undefined) {
        await this.#removeFrom(disk);
        throw instantLost(changed);
      }
    } catch (error) {
      const message = `no baseline could be kept: ${error instanceof Error ? error.message : String(error)}`;
      this.#lateFindings.push({
        severity: 'warning',
        code: 'baseline-failed',
        message,
        disk: disk.id,
        object: disk.path,
      });
      return undefined;
    }
    const { sizeBytes } = disk.image;
    return { bitmap: this.#bitmap, sizeBytes, identity: top?.identity ?? '', parents };
  }

  async #removeFrom(disk: DecidedDisk): Promise<void> {
    const file = imageFile(this.#context, disk.path);
    await removeBaselines(this.#context, file, (name) => name === this.#bitmap);
  }

  /** Lets the images go; without a commit the candidates go too. A failure leaks: `reconcile` finds it by its name. */
  async #giveUp(): Promise<void> {
    this.#parts.closed(this);
    const sealed = await this.#sealing?.catch(() => null);
    await closeImages(this.#parts.disks).catch(() => undefined);
    if (this.#committed || sealed == null) return;
    for (const disk of this.#parts.disks) await this.#removeFrom(disk).catch(() => undefined);
  }
}
