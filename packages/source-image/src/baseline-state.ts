import type { ChangeState, DiskId } from '@sendense/core';
import { z } from 'zod';

/** Names the connector and the version of the state's data. */
export const STATE_SCHEMA = 'source-image/1';

const versionSchema = z.object({
  path: z.string().max(4096),
  identity: z.string().max(128),
  sizeBytes: z.int().nonnegative(),
  modifiedMs: z.number(),
});

const baselineSchema = z.object({
  /** Name of the dirty bitmap that records since the instant. */
  bitmap: z.string().min(1).max(1023),
  sizeBytes: z.int().nonnegative(),
  /** Device and inode of the image: tells a replaced image from one that lost its bitmap. */
  identity: z.string().max(128),
  /** Backing files: the bitmap says nothing of a change in these. */
  parents: z.array(versionSchema).max(256),
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
