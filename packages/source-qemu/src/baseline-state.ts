import type { ChangeState, DiskId } from '@sendense/core';
import { z } from 'zod';

/** Names the connector and the version of the state's data. */
export const STATE_SCHEMA = 'sendense.qemu/1';

const baselineSchema = z.object({
  /** Name of the dirty bitmap that records since the instant. */
  bitmap: z.string().min(1).max(1023),
  sizeBytes: z.int().nonnegative(),
  /** Path or address of the image, then of its backing files. */
  images: z.array(z.string().max(65_536)).min(1).max(256),
});

/** What is remembered of one disk. */
export type Baseline = z.infer<typeof baselineSchema>;

const dataSchema = z.object({ disks: z.record(z.string(), baselineSchema) });

/** The data of a state. */
export type StateData = z.infer<typeof dataSchema>;

/** The data of `state`; `undefined` when this version cannot read it. */
export function parseState(state: ChangeState): StateData | undefined {
  if (state.schema !== STATE_SCHEMA) return undefined;
  const parsed = dataSchema.safeParse(state.data);
  return parsed.success ? parsed.data : undefined;
}

/** Builds the state of an instant from the baselines that were made. */
export function createState(
  origin: Pick<ChangeState, 'instant' | 'machine' | 'stream'>,
  baselines: ReadonlyMap<DiskId, Baseline>,
): ChangeState {
  const { instant, machine, stream } = origin;
  const data: StateData = { disks: Object.fromEntries(baselines) };
  return { schema: STATE_SCHEMA, instant, machine, stream, disks: [...baselines.keys()], data };
}
