import { pointId } from '@sendense/core';
import { z } from 'zod';
import type { RecordType } from './sealed-json.ts';

const schema = z.object({
  kind: z.enum(['reader', 'writer', 'maintenance']),
  holder: z.string().max(1024),
  points: z.array(z.string().transform(pointId)).max(10_000),
  files: z.array(z.string().max(1024)).max(100_000).nullable(),
});

/** What may not be removed while the session of the hold is alive; `files` are relative to the machine's folder. */
export type HoldRecord = z.infer<typeof schema>;

/** A file in `holds/`. */
export const holdRecord: RecordType<HoldRecord> = { format: 'sendense-hold', version: 1, schema };
