import type { DiskId, RestorePlan, RestoreRun } from '@sendense/core';
import { limitConcurrency, readRestoreState } from '@sendense/plugin-kit';
import { z } from 'zod';

/** Names the connector and the version of the state's data. */
const STATE_SCHEMA = 'target-ova/1';

const diskSchema = z.object({
  /** Where its bytes begin in the file that holds them. */
  offset: z.int().nonnegative(),
  /** Length of the VMDK. */
  sizeBytes: z.int().positive(),
  /** Bytes of the disk that are stored in it. */
  populatedBytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const roomSchema = z.object({
  /** Of the descriptor. */
  ovfBytes: z.int().positive(),
  /** Where the header of the first disk lies. */
  headBytes: z.int().positive(),
});

const dataSchema = z.object({
  phase: z.enum(['writing', 'committing', 'committed']),
  begunMs: z.number(),
  /** Device and inode of the finished file or folder, from just before it gets its name. */
  identity: z.string().max(128).nullable(),
  /** What an archive left free before its disks; `null` of a folder. */
  room: roomSchema.nullable().default(null),
  /** The disks that are whole and durable. */
  disks: z.record(z.string(), diskSchema),
});

type Data = z.infer<typeof dataSchema>;

/** Bytes that an archive leaves free before its disks. */
export type PackageRoom = z.infer<typeof roomSchema>;

/** A disk that is whole and durable. */
export type WholeDisk = z.infer<typeof diskSchema>;

/** What a restore must know after a crash. Changes are saved one after another; each resolves when it is durable. */
export class PackageMemory {
  readonly #plan: RestorePlan;
  readonly #run: RestoreRun;
  #data: Data;
  /** Whoever asked for a save that fails is told; the next one may succeed. */
  readonly #inTurn = limitConcurrency(1);

  constructor(plan: RestorePlan, run: RestoreRun, nowMs: number) {
    this.#plan = plan;
    this.#run = run;
    this.#data =
      run.resume === undefined
        ? { phase: 'writing', begunMs: nowMs, identity: null, room: null, disks: {} }
        : readRestoreState(run.resume, STATE_SCHEMA, dataSchema);
  }

  get phase(): Data['phase'] {
    return this.#data.phase;
  }

  get begunMs(): number {
    return this.#data.begunMs;
  }

  get identity(): string | null {
    return this.#data.identity;
  }

  get room(): PackageRoom | null {
    return this.#data.room;
  }

  /** A disk that is whole; `undefined` while it is not. */
  disk(id: DiskId): WholeDisk | undefined {
    return this.#data.disks[id];
  }

  async enter(phase: Data['phase'], also: Partial<Pick<Data, 'identity' | 'room'>> = {}): Promise<void> {
    this.#data = { ...this.#data, ...also, phase };
    await this.#save();
  }

  async keep(id: DiskId, disk: WholeDisk): Promise<void> {
    this.#data = { ...this.#data, disks: { ...this.#data.disks, [id]: disk } };
    await this.#save();
  }

  async #save(): Promise<void> {
    const state = { schema: STATE_SCHEMA, plan: this.#plan.id, data: this.#data } as const;
    await this.#inTurn(() => this.#run.save(state));
  }
}
