import type { DiskId, Json, RestorePlan, RestoreRun, RestoreState } from '@sendense/core';
import { limitConcurrency, readRestoreState } from '@sendense/plugin-kit';
import { z } from 'zod';

/** Names the connector and the version of the state's data. */
const STATE_SCHEMA = 'target-qemu/1';

const dataSchema = z.object({
  /** The step that is being done, or was when the process died. */
  phase: z.enum(['writing', 'disks', 'nvram', 'define', 'start', 'committed']),
  /** What target-image remembers of each disk. */
  disks: z.record(
    z.string(),
    z.object({ schema: z.templateLiteral([z.string(), '/', z.number()]), data: z.json() }),
  ),
  /** The definition that ours replaced. */
  replacedXml: z.string().nullable(),
});

type Data = z.infer<typeof dataSchema>;

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
    this.#data =
      run.resume === undefined
        ? { phase: 'writing', disks: {}, replacedXml: null }
        : readRestoreState(run.resume, STATE_SCHEMA, dataSchema);
  }

  get phase(): Data['phase'] {
    return this.#data.phase;
  }

  /** Whether the commit has got to the machine, whose old definition may be known here alone. */
  get mayHaveMachine(): boolean {
    return this.phase !== 'writing' && this.phase !== 'disks';
  }

  get replacedXml(): string | null {
    return this.#data.replacedXml;
  }

  /** The state of the disk for target-image; `undefined` when it has not been begun. */
  disk(id: DiskId): RestoreState | undefined {
    const kept = this.#data.disks[id];
    return kept === undefined
      ? undefined
      : { schema: kept.schema, plan: this.#plan.id, data: kept.data as Json };
  }

  async enter(phase: Data['phase'], also: Partial<Pick<Data, 'replacedXml'>> = {}): Promise<void> {
    this.#data = { ...this.#data, ...also, phase };
    await this.#save();
  }

  async changeDisk(id: DiskId, { schema, data }: RestoreState): Promise<void> {
    const kept = dataSchema.shape.disks.valueType.parse({ schema, data });
    this.#data = { ...this.#data, disks: { ...this.#data.disks, [id]: kept } };
    await this.#save();
  }

  async #save(): Promise<void> {
    await this.#inTurn(() => this.#run.save({ schema: STATE_SCHEMA, plan: this.#plan.id, data: this.#data }));
  }
}
