import type { ChangeState, DiskId, Json } from '@sendense/core';
import { z } from 'zod';

/** States whose data is one baseline for each disk. */
export type BaselineStates<Baseline> = {
  /** The data of `state`; `undefined` when this version of the connector cannot read it. */
  readonly parse: (state: ChangeState) => { readonly disks: Readonly<Record<string, Baseline>> } | undefined;
  /** Builds the state of an instant from the baselines that were made. */
  readonly create: (
    origin: Pick<ChangeState, 'instant' | 'machine' | 'stream'>,
    baselines: ReadonlyMap<DiskId, Baseline>,
  ) => ChangeState;
};

/** The states of the connector and version that `schema` names; `baseline` is what it remembers of one disk. */
export function baselineStates<Baseline extends Json>(
  schema: ChangeState['schema'],
  baseline: z.ZodType<Baseline>,
): BaselineStates<Baseline> {
  const dataSchema = z.object({ disks: z.record(z.string(), baseline) });
  return {
    parse(state) {
      if (state.schema !== schema) return undefined;
      const parsed = dataSchema.safeParse(state.data);
      return parsed.success ? parsed.data : undefined;
    },
    create({ instant, machine, stream }, baselines) {
      const data = { disks: Object.fromEntries(baselines) };
      return { schema, instant, machine, stream, disks: [...baselines.keys()], data };
    },
  };
}
