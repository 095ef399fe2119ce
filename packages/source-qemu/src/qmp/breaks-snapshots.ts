import type { Call } from '@sendense/core';
import type { QmpClient } from '@sendense/platform-kvm/qmp';
import { z } from 'zod';

const schema = z.array(
  z.object({ members: z.array(z.object({ name: z.string() })).optional() }).catch({ members: [] }),
);

/**
 * Whether the backup job of this QEMU can be told to break the backup, not the guest's write, when a scratch file cannot
 * grow (`on-cbw-error` of `blockdev-backup`). The schema says it; the version does not, distributions backport.
 */
export async function breaksSnapshots(qmp: QmpClient, call?: Call): Promise<boolean> {
  const entities = schema.safeParse(await qmp.execute('query-qmp-schema', {}, call));
  return (entities.data ?? []).some(({ members = [] }) => {
    const names = new Set(members.map(({ name }) => name));
    return ['job-id', 'sync', 'target', 'on-cbw-error'].every((name) => names.has(name));
  });
}
