import { type DiskView, type PointReader, SendenseError } from '@sendense/core';

/** The disks of a point that `names` mean: ids, `disk-N` or `N`. Rejects with `CONFIG_INVALID` for an unknown name. */
export function selectDisks(reader: PointReader, names: readonly string[]): readonly DiskView[] {
  if (names.length === 0) return reader.disks;
  const numbers = new Map(reader.point.disks.map((disk) => [disk.id, disk.number]));
  return names.map((name) => {
    const found = reader.disks.find((disk) => {
      const number = String(numbers.get(disk.id));
      return disk.id === name || name === number || name === `disk-${number}`;
    });
    if (found !== undefined) return found;
    throw new SendenseError('CONFIG_INVALID', `the point has no disk ${JSON.stringify(name)}`, {
      operation: 'select-disks',
      remedy: `name one of: ${[...numbers.values()].map((number) => `disk-${number}`).join(', ')}`,
    });
  });
}
