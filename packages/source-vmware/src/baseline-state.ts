import { baselineStates } from '@sendense/plugin-kit/baselines';
import { z } from 'zod';

/** Names the connector and the version of the state's data. */
const STATE_SCHEMA = 'sendense.vmware/1';

const baselineSchema = z.object({
  /** Of the disk in the snapshot that was read: changes since its instant are asked for by it. */
  changeId: z.string().min(1).max(1024),
  sizeBytes: z.int().nonnegative(),
  /** Id of the snapshot of somebody else that the machine stood on then; `null` without one. */
  below: z.string().max(256).nullable(),
  /** When the snapshot was taken by the clock of the server, in milliseconds since 1970; `null` when it tells none. */
  takenAt: z.number().nullable(),
  /** Whether change tracking of this epoch began when the disk had another size: it is not built on. */
  isOutgrown: z.boolean().default(false),
});

/** What is remembered of one disk. */
export type Baseline = z.infer<typeof baselineSchema>;

/** Reads and builds the states of this connector. */
export const { parse: parseState, create: createState } = baselineStates(STATE_SCHEMA, baselineSchema);
