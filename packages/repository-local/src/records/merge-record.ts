import { pointId } from '@sendense/core';
import { z } from 'zod';
import type { RecordType } from './sealed-json.ts';

const id = z.string().transform(pointId);
const schema = z.object({ point: id, onto: id, points: z.array(id).max(100_000) });

/** A merge under way: which points it takes in, since that cannot be seen any more once `point` is rewritten. */
export type MergeRecord = z.infer<typeof schema>;

/** `merge.json`. */
export const mergeRecord: RecordType<MergeRecord> = { format: 'sendense-merge', version: 1, schema };
