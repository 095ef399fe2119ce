import { z } from 'zod';

/** A backup that was made, as far as the records of every version tell. */
const backupSchema = z.looseObject({
  order: z.looseObject({ vmName: z.string() }),
  result: z.looseObject({
    backup_type: z.string(),
    reason: z.string().nullable(),
    disks: z.array(z.looseObject({})),
  }),
});

/** The same of a restore. */
const restoreSchema = z.looseObject({ result: z.looseObject({ bytes_written: z.number() }) });

/**
 * The record of a job of any version with the fields of this one in its result. What an earlier version did not note is empty or zero; the
 * machine has the name that was ordered, a disk the kind of its backup. Anything else comes back as it is.
 */
export function completeRecord(record: unknown): unknown {
  const backup = backupSchema.safeParse(record);
  if (backup.success) {
    const { order, result } = backup.data;
    const { backup_type, reason } = result;
    const disks = result.disks.map((disk) => ({ backup_type, reason, ...disk }));
    const untold = { vm_name: order.vmName, machine_id: '', skipped: [] };
    return { ...backup.data, result: { ...untold, ...result, disks } };
  }
  const restore = restoreSchema.safeParse(record);
  if (!restore.success) return record;
  return { ...restore.data, result: { verify_ms: 0, ...restore.data.result } };
}
