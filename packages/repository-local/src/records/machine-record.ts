import { diskId, machineKey } from '@sendense/core';
import { z } from 'zod';
import type { RecordType } from './sealed-json.ts';

const schema = z.object({
  machine: z.string().transform(machineKey),
  disks: z.array(z.object({ number: z.int().nonnegative(), id: z.string().transform(diskId) })).max(100_000),
});

/** Which disk has which number, for ever. */
export type MachineRecord = z.infer<typeof schema>;

/** `machine.json`. */
export const machineRecord: RecordType<MachineRecord> = { format: 'sendense-machine', version: 1, schema };
