import { type Call, type DiskId, type MachineRef, SendenseError, type SourceConnector } from '@sendense/core';
import type { StreamHistory } from './stream-history.ts';

/**
 * The disk ids that `names` mean: an id, a label, or `disk-N` (or `N`) as the repository numbers them, or, before the
 * first backup, as the machine lists them. Rejects with `CONFIG_INVALID` for a name that means no disk.
 */
export async function resolveExcludedDisks(
  names: readonly string[],
  machine: MachineRef,
  source: SourceConnector,
  history: StreamHistory,
  call: Call,
): Promise<readonly DiskId[]> {
  if (names.length === 0) return [];
  const spec = await source.describe(machine, call);
  const known = new Map<string, string>();
  for (const [index, disk] of spec.disks.entries()) {
    const number = history.latestWith(disk.id as DiskId)?.disks.get(disk.id as DiskId)?.number;
    if (history.newest === undefined || number !== undefined) known.set(`disk-${number ?? index}`, disk.id);
    if (disk.label !== undefined) known.set(disk.label, disk.id);
    known.set(disk.id, disk.id);
  }
  return names.map((name) => {
    const id = known.get(name) ?? known.get(`disk-${name}`);
    if (id !== undefined) return id as DiskId;
    throw new SendenseError('CONFIG_INVALID', `the machine has no disk ${JSON.stringify(name)}`, {
      operation: 'exclude-disks',
      remedy: `name one of: ${[...known.keys()].join(', ')}`,
    });
  });
}
