import { diskId, machineKey } from '@sendense/core';
import { z } from 'zod';
import type { RecordType } from './sealed-json.ts';

const numberSchema = z.object({
  machine: z.string().transform(machineKey),
  disk: z.string().transform(diskId),
});
const planSchema = z.object({ packs: z.array(z.string().regex(/^[0-9a-f]{32}$/)).max(400_000) });
const lockSchema = z.object({ holder: z.string().max(1024), token: z.string().max(64) });

/** Which disk of which machine has the number that the key says. */
export type NumberRecord = z.infer<typeof numberSchema>;
/** Packs that are deleted when the plan is as old as the grace. */
export type PlanRecord = z.infer<typeof planSchema>;
/** Who prunes. */
export type LockRecord = z.infer<typeof lockSchema>;

/** See {@link NumberRecord}. */
export const numberRecord: RecordType<NumberRecord> = { kind: 'number', schema: numberSchema };
/** See {@link PlanRecord}. */
export const planRecord: RecordType<PlanRecord> = { kind: 'plan', schema: planSchema };
/** See {@link LockRecord}. */
export const lockRecord: RecordType<LockRecord> = { kind: 'lock', schema: lockSchema };
