import type { DiskId, MachineKey } from '@sendense/core';
import type { Blake3 } from '@sendense/plugin-kit/digest';
import type { MemoryStore } from './memory-store.ts';
import { parseSealed, serializeSealed } from './sealed-json.ts';

/** Gives each disk of a machine its N of `disk-N`: once, kept for ever, never given to another disk. */
export function numberDisks(
  store: MemoryStore,
  machine: MachineKey,
  disks: readonly DiskId[],
  blake3: Blake3,
): ReadonlyMap<DiskId, number> {
  const key = `machines/${machine}`;
  const known = store.objects.get(key);
  const ids = known === undefined ? [] : (parseSealed(key, known, blake3) as DiskId[]);
  for (const id of disks) if (!ids.includes(id)) ids.push(id);
  store.objects.set(key, serializeSealed(ids, blake3));
  return new Map(ids.map((id, number) => [id, number]));
}
