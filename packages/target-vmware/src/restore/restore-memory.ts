import type { DiskId, Finding, RestorePlan, RestoreRun } from '@sendense/core';
import { limitConcurrency, readRestoreState } from '@sendense/plugin-kit';
import { z } from 'zod';
import type { FoundMachine } from './find-machines.ts';
import { isKnown, type KnownMachine, knownSchema } from './known-machine.ts';

/** Names the connector and the version of the state's data. */
const STATE_SCHEMA = 'target-vmware/1';

const diskSchema = z.object({
  /**
   * `sending`: what is there is not whole. `whole`: it is in `file`. `placing`: it is there, or in the folder of the machine already.
   * `placed`: it is in that folder, as `file`.
   */
  state: z.enum(['none', 'sending', 'whole', 'placing', 'placed']),
  /** `[datastore] folder/name.vmdk` */
  file: z.string().nullable(),
  /** The machine that holds it until the commit; `null` before one is known to be there. */
  carrier: knownSchema.nullable().default(null),
});

const findingSchema = z.object({
  severity: z.enum(['info', 'warning', 'error']),
  code: z.string(),
  message: z.string(),
});

/** The steps in their order. */
const PHASES = ['writing', 'machine', 'disks', 'name', 'start', 'committed'] as const;

const dataSchema = z.object({
  /** The step that is being done, or was when the process died. */
  phase: z.enum(PHASES),
  begunMs: z.number(),
  /** The new machine. */
  machine: knownSchema.nullable(),
  /** The machine that had the name when the restore was begun; `null` for none, `unsaved` in states of before. */
  seen: z.literal('unsaved').or(knownSchema.nullable()).default('unsaved'),
  /** The machine that it replaces, from before that one is renamed. */
  replaced: knownSchema.nullable().default(null),
  /** `FoundMachine.state` of that one when it had its other name; `null` where it was not read. */
  aside: z.string().nullable().default(null),
  /** What the machine has not of the plan: told also by a process that completes the restore of another. */
  told: z.array(findingSchema).default([]),
  disks: z.record(z.string(), diskSchema),
});

type Data = z.infer<typeof dataSchema>;

/** What is remembered of a disk. */
export type DiskMemory = z.infer<typeof diskSchema>;

/** What a restore must know after a crash. Changes are saved one after another; each resolves when it is durable. */
export class RestoreMemory {
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
        ? {
            phase: 'writing',
            begunMs: nowMs,
            machine: null,
            seen: null,
            replaced: null,
            aside: null,
            told: [],
            disks: {},
          }
        : readRestoreState(run.resume, STATE_SCHEMA, dataSchema);
  }

  get phase(): Data['phase'] {
    return this.#data.phase;
  }

  get begunMs(): number {
    return this.#data.begunMs;
  }

  get machine(): KnownMachine | null {
    return this.#data.machine;
  }

  get replaced(): KnownMachine | null {
    return this.#data.replaced;
  }

  get aside(): string | null {
    return this.#data.aside;
  }

  get told(): readonly Finding[] {
    return this.#data.told;
  }

  /** Whether a machine that has the name is the one that is to be replaced: whoever took the name later is not. */
  isToReplace(there: FoundMachine): boolean {
    const { replaced, seen } = this.#data;
    const known = replaced ?? seen;
    return known === 'unsaved' || (known !== null && isKnown(known, there));
  }

  /** Whether a step was begun, by this process or one before. */
  hasReached(phase: Data['phase']): boolean {
    return PHASES.indexOf(this.#data.phase) >= PHASES.indexOf(phase);
  }

  disk(id: DiskId): DiskMemory {
    return this.#data.disks[id] ?? { state: 'none', file: null, carrier: null };
  }

  /** A step that is repeated does not lead back from one that was begun after it. */
  async enter(
    phase: Data['phase'],
    also: Partial<Pick<Data, 'machine' | 'replaced' | 'seen' | 'aside' | 'told'>> = {},
  ): Promise<void> {
    this.#data = { ...this.#data, ...also, phase: this.hasReached(phase) ? this.#data.phase : phase };
    await this.#save();
  }

  async changeDisk(id: DiskId, disk: DiskMemory): Promise<void> {
    this.#data = { ...this.#data, disks: { ...this.#data.disks, [id]: disk } };
    await this.#save();
  }

  async #save(): Promise<void> {
    const state = { schema: STATE_SCHEMA, plan: this.#plan.id, data: this.#data } as const;
    await this.#inTurn(() => this.#run.save(state));
  }
}
