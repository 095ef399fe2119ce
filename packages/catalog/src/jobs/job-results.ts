import type { Updateable } from 'kysely';
import { z } from 'zod';
import type { BackupJobTable, RestoreJobTable } from '../schema/tables.ts';

const bytes = z.int().nonnegative();

const backupResultSchema = z.looseObject({
  pointId: z.string(),
  kind: z.enum(['full', 'incremental', 'differential']),
  reason: z.string().nullable(),
  bytesRead: bytes,
  changedBytes: bytes,
  bytesStored: bytes,
  findings: z.array(z.looseObject({})),
});

const restoreResultSchema = z.looseObject({
  bytesWritten: bytes,
  verified: z.boolean().nullable(),
  findings: z.array(z.looseObject({})),
});

/** The columns that a backup's result fills; none when the result is not that of a backup. */
export function backupResultColumns(result: unknown): Updateable<BackupJobTable> {
  const parsed = backupResultSchema.safeParse(result);
  if (!parsed.success) return {};
  const { data } = parsed;
  return {
    point_id: data.pointId,
    type: data.kind,
    reason: data.reason,
    bytes_read: data.bytesRead,
    changed_bytes: data.changedBytes,
    stored_bytes: data.bytesStored,
    findings_json: JSON.stringify(data.findings),
  };
}

/** The columns that a restore's result fills; none when the result is not that of a restore. */
export function restoreResultColumns(result: unknown): Updateable<RestoreJobTable> {
  const parsed = restoreResultSchema.safeParse(result);
  if (!parsed.success) return {};
  const { bytesWritten, verified, findings } = parsed.data;
  return {
    written_bytes: bytesWritten,
    verified: verified === null ? null : Number(verified),
    findings_json: JSON.stringify(findings),
  };
}
