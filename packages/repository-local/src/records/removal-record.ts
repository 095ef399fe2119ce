import { pointId } from '@sendense/core';
import { z } from 'zod';
import type { RecordType } from './sealed-json.ts';

const schema = z.object({ points: z.array(z.string().transform(pointId)).max(100_000) });

/** Points that a merge is about to take in: what tells them from other points once the first is rewritten. */
export type RemovalRecord = z.infer<typeof schema>;

/** `removal.json`. */
export const removalRecord: RecordType<RemovalRecord> = { format: 'sendense-removal', version: 1, schema };
