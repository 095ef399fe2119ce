import { type BlockReader, type BlockWriter, type PlannedDisk, restoreGone } from '@sendense/core';
import { openDiskImage } from '@sendense/formats';
import { publishFile, refuseInUse } from '@sendense/plugin-kit/files';
import { locationOf, partialPath } from './destination.ts';
import { createDiskWriter, type RestoreScope, resumeDiskWriter } from './disk-writer.ts';
import { driverFor } from './driver-for.ts';
import { finishedWriter } from './finished-writer.ts';

/** One disk of a restore: its unfinished file, and its place. */
export class RestoreDisk {
  readonly planned: PlannedDisk;
  readonly location: string;
  /** Where it is written: beside its place, or in place on a device. */
  readonly path: string;
  readonly #scope: RestoreScope;
  #writer: BlockWriter | undefined;
  #isFinished = false;

  constructor(scope: RestoreScope, planned: PlannedDisk) {
    this.#scope = scope;
    this.planned = planned;
    this.location = locationOf(scope.destination, planned.number);
    const inPlace = scope.destination.kind === 'device';
    this.path = inPlace ? this.location : partialPath(this.location, scope.plan.id);
  }

  get writer(): BlockWriter {
    if (this.#writer === undefined) throw new TypeError('the disk was not opened');
    return this.#writer;
  }

  get isDevice(): boolean {
    return this.#scope.destination.kind === 'device';
  }

  /** Whether the finished file has its name already, from this or an earlier attempt. */
  async isPublished(): Promise<boolean> {
    const { context, memory } = this.#scope;
    const { identity } = memory.disk(this.planned.id);
    if (identity === null || this.isDevice) return memory.phase === 'committed';
    return (await context.fileSystem.stat(this.location))?.identity === identity;
  }

  /** Makes the file. What is left of the same plan goes first. */
  async create(): Promise<void> {
    this.#writer = await createDiskWriter(this.#scope, this.planned, this.path);
  }

  /** Opens what an earlier attempt left. Rejects with `restoreGone` when it is gone. */
  async resume(): Promise<void> {
    if (await this.isPublished()) {
      this.#writer = finishedWriter(this.planned.targetSizeBytes, this.location);
      return;
    }
    if ((await this.#scope.context.fileSystem.stat(this.path)) === undefined) {
      throw restoreGone(this.#scope.plan.id, `${this.path} of the restore to resume is gone`);
    }
    this.#writer = await resumeDiskWriter(this.#scope, this.planned, this.path);
  }

  /** A reader over the flushed file itself. */
  async readBack(): Promise<BlockReader> {
    const { context, destination } = this.#scope;
    const { fileSystem, drivers } = context;
    const path = (await this.isPublished()) ? this.location : this.path;
    const device = { kind: 'device', path } as const;
    if (this.isDevice) return await driverFor(context, device, 'read').openReader(device);
    return await openDiskImage(path, { fileSystem, drivers, format: destination.format });
  }

  /** Makes everything durable, closes the file and notes its identity: the last step before it gets its name. */
  async finish(): Promise<void> {
    const { context, memory } = this.#scope;
    if (this.#isFinished || (await this.isPublished())) return;
    await this.writer.flush();
    await this.writer[Symbol.asyncDispose]();
    const identity = (await context.fileSystem.stat(this.path))?.identity ?? null;
    await memory.changeDisk(this.planned.id, { identity });
    this.#isFinished = true;
  }

  /** Gives the finished file its name. */
  async publish(): Promise<void> {
    if (this.isDevice) return;
    const { context, plan } = this.#scope;
    const isPublished = await this.isPublished();
    if (!isPublished) await refuseInUse(context.fileSystem, context.imageLocks, this.location);
    await publishFile(context.fileSystem, {
      from: this.path,
      to: this.location,
      overwrite: plan.overwrite,
      isPublished,
    });
  }

  /** Takes the name from a finished file where the options allow it; what it replaced could not be brought back. */
  async withdraw(): Promise<readonly string[]> {
    const { context, plan } = this.#scope;
    if (!context.options.undoFinished || plan.overwrite || this.isDevice) return [];
    if (!(await this.isPublished())) return [];
    await refuseInUse(context.fileSystem, context.imageLocks, this.location);
    await context.fileSystem.unlink(this.location);
    return [this.location];
  }

  /** Closes and removes the unfinished file; resolves with what was removed. A finished one stays. */
  async remove(): Promise<readonly string[]> {
    await this.close();
    if (this.isDevice) return [];
    const { fileSystem } = this.#scope.context;
    if ((await fileSystem.stat(this.path)) === undefined) return [];
    await fileSystem.unlink(this.path);
    return [this.path];
  }

  async close(): Promise<void> {
    await this.#writer?.[Symbol.asyncDispose]();
  }
}
