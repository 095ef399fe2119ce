import { type Call, type DiskId, type MachineRef, SendenseError, type SourceConnector } from '@sendense/core';
import type { StreamHistory } from './stream-history.ts';

/** Disks to leave out, each with the `disk-N` it goes by, or its own id where it has no number yet. */
export type ExcludedDisks = ReadonlyMap<DiskId, string>;

/**
 * The disks that `names` mean: an id, a label, or `disk-N` (or `N`) as the repository numbers them, or, before the
 * first backup, as the machine lists them. Rejects with `CONFIG_INVALID` for a name that means no disk.
 */
export async function resolveExcludedDisks(
  names: readonly string[],
  machine: MachineRef,
  source: SourceConnector,
  history: StreamHistory,
  call: Call,
): Promise<ExcludedDisks> {
  if (names.length === 0) return new Map();
  const spec = await source.describe(machine, call);
  const known = new Map<string, DiskId>();
  const shown = new Map<DiskId, string>();
  for (const [index, disk] of spec.disks.entries()) {
    const id = disk.id as DiskId;
    const number =
      history.latestWith(id)?.disks.get(id)?.number ?? (history.newest === undefined ? index : null);
    if (number !== null) known.set(`disk-${number}`, id);
    if (disk.label !== undefined) known.set(disk.label, id);
    known.set(id, id);
    shown.set(id, number === null ? id : `disk-${number}`);
  }
  const ids = names.map((name) => {
    const id = known.get(name) ?? known.get(`disk-${name}`);
    if (id !== undefined) return id;
    throw new SendenseError('CONFIG_INVALID', `the machine has no disk ${JSON.stringify(name)}`, {
      operation: 'exclude-disks',
      remedy: `name one of: ${[...known.keys()].join(', ')}`,
    });
  });
  return new Map(ids.map((id) => [id, shown.get(id) ?? id]));
}
