import { baselineStates } from '@sendense/plugin-kit/baselines';
import { z } from 'zod';

/** Names the connector and the version of the state's data. */
const STATE_SCHEMA = 'source-image/1';

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

/** Reads and builds the states of this connector. */
export const { parse: parseState, create: createState } = baselineStates(STATE_SCHEMA, baselineSchema);
