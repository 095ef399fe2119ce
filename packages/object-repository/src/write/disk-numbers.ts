import { type Call, type DiskId, type MachineKey, SendenseError } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { diskNumberKey, disksPrefix, numberAtEnd } from '../layout/object-keys.ts';
import { openRecord, sealRecord } from '../records/sealed-json.ts';
import { numberRecord } from '../records/small-records.ts';
import { getRecord } from '../store/get-listed.ts';
import type { PutOptions } from '../store/object-store.ts';

/**
 * The numbers of `disks`: given once by creating the object of the number, and never again. Of two writers one gets a
 * number, the other takes the next. Rejects with `CORRUPT` when an earlier number cannot be read: a disk could get two.
 */
export async function numberDisks(
  context: RepositoryContext,
  machine: MachineKey,
  disks: readonly DiskId[],
  lock: PutOptions,
  call?: Call,
): Promise<ReadonlyMap<DiskId, number>> {
  const prefix = disksPrefix(context.keys, machine);
  for (;;) {
    const numbers = await readNumbers(context, prefix, call);
    const missing = disks.filter((id) => !numbers.has(id));
    let next = Math.max(-1, ...numbers.values()) + 1;
    try {
      for (const disk of missing) {
        const key = diskNumberKey(prefix, next);
        const bytes = sealRecord(context.sealer, numberRecord, key, { machine, disk });
        await context.store.put(key, bytes, lock, call);
        numbers.set(disk, next);
        next += 1;
      }
      return numbers;
    } catch (error) {
      if (!SendenseError.is(error, 'ALREADY_EXISTS')) throw error;
    }
  }
}

async function readNumbers(
  { store, sealer }: RepositoryContext,
  prefix: string,
  call?: Call,
): Promise<Map<DiskId, number>> {
  const numbers = new Map<DiskId, number>();
  for await (const listed of store.list(prefix, undefined, call)) {
    const { key } = listed;
    const number = numberAtEnd(key);
    const { disk } = openRecord(sealer, numberRecord, key, await getRecord(store, listed, call));
    if (number !== undefined && !numbers.has(disk)) numbers.set(disk, number);
  }
  return numbers;
}
