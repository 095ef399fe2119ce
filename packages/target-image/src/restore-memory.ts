import type { DiskId, RestorePlan, RestoreRun } from '@sendense/core';
import { limitConcurrency, readRestoreState } from '@sendense/plugin-kit';
import { z } from 'zod';

/** Names the connector and the version of the state's data. */
export const STATE_SCHEMA = 'target-image/1';

const diskSchema = z.object({
  /** Everything written to the file so far is durable and it is a valid image. */
  flushed: z.boolean(),
  /** Durable ranges of a raw file, `[offset, length]`, ascending. */
  durable: z.array(z.tuple([z.int().nonnegative(), z.int().positive()])).max(4096),
  /** Device and inode of the finished file, from just before it gets its name. */
  identity: z.string().max(128).nullable(),
});

const dataSchema = z.object({
  phase: z.enum(['writing', 'committing', 'committed']),
  /** The target made the folder. */
  folderMade: z.boolean(),
  disks: z.record(z.string(), diskSchema),
});

type Data = z.infer<typeof dataSchema>;
/** What is remembered of one disk. */
export type DiskMemory = z.infer<typeof diskSchema>;

/** A disk that nothing was written of. */
const NOTHING: DiskMemory = { flushed: false, durable: [], identity: null };

/** What a restore must know after a crash. Changes are saved one after another; each resolves when it is durable. */
export class RestoreMemory {
  readonly #plan: RestorePlan;
  readonly #run: RestoreRun;
  #data: Data;
  /** Whoever asked for a save that fails is told; the next one may succeed. */
  readonly #inTurn = limitConcurrency(1);

  constructor(plan: RestorePlan, run: RestoreRun) {
    this.#plan = plan;
    this.#run = run;
    const disks = Object.fromEntries(plan.disks.map(({ id }) => [id, NOTHING]));
    this.#data =
      run.resume === undefined
        ? { phase: 'writing', folderMade: false, disks }
        : readRestoreState(run.resume, STATE_SCHEMA, dataSchema);
  }

  get phase(): Data['phase'] {
    return this.#data.phase;
  }

  get folderMade(): boolean {
    return this.#data.folderMade;
  }

  disk(id: DiskId): DiskMemory {
    return this.#data.disks[id] ?? NOTHING;
  }

  async change(change: Partial<Pick<Data, 'phase' | 'folderMade'>>): Promise<void> {
    this.#data = { ...this.#data, ...change };
    await this.#save();
  }

  async changeDisk(id: DiskId, change: Partial<DiskMemory>): Promise<void> {
    const disks = { ...this.#data.disks, [id]: { ...this.disk(id), ...change } };
    this.#data = { ...this.#data, disks };
    await this.#save();
  }

  async #save(): Promise<void> {
    await this.#inTurn(() => this.#run.save({ schema: STATE_SCHEMA, plan: this.#plan.id, data: this.#data }));
  }
}
