import { baselineStates } from '@sendense/plugin-kit/baselines';
import { z } from 'zod';

/** Names the connector and the version of the state's data. */
const STATE_SCHEMA = 'sendense.qemu/1';

const baselineSchema = z.object({
  /** Name of the dirty bitmap that records since the instant. */
  bitmap: z.string().min(1).max(1023),
  sizeBytes: z.int().nonnegative(),
  /** Path or address of the image, then of its backing files. */
  images: z.array(z.string().max(65_536)).min(1).max(256),
});

/** What is remembered of one disk. */
export type Baseline = z.infer<typeof baselineSchema>;

/** Reads and builds the states of this connector. */
export const { parse: parseState, create: createState } = baselineStates(STATE_SCHEMA, baselineSchema);
