import type { Call, DiskId } from '@sendense/core';
import { hasFiles, type ManagedObject, readDatastore, type VimClient } from '@sendense/platform-vmware';
import type { DecidedDisk } from '../capture-plan.ts';
import type { CheckedOptions } from '../options.ts';

/** The disks of which all is transferred, whatever has changed: a lease has no ranges. As far as is known before a capture. */
export async function readWhole(
  vim: VimClient,
  { transport, vddk }: CheckedOptions,
  disks: readonly DecidedDisk[],
  call?: Call,
): Promise<ReadonlySet<DiskId>> {
  const whole = new Set<DiskId>();
  const known = new Map<string, boolean>();
  const isWithout = async (datastore: ManagedObject): Promise<boolean> => {
    const without = known.get(datastore.id) ?? !hasFiles(await readDatastore(vim, datastore, call));
    known.set(datastore.id, without);
    return without;
  };
  for (const { now } of disks) {
    const { datastore } = now.disk;
    const isLeased =
      transport === 'lease' ||
      (transport !== 'datastore' &&
        transport !== 'vddk' &&
        vddk === undefined &&
        datastore !== undefined &&
        (await isWithout(datastore)));
    if (isLeased) whole.add(now.id);
  }
  return whole;
}
