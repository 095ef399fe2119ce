import { type Call, type PointDisk, type PointReader, pointId, SendenseError } from '@sendense/core';
import { Closer, orClose } from '@sendense/plugin-kit';
import type { Confine } from '../entries/allowed-roots.ts';
import type { PointEntry } from '../entries/export-entry.ts';
import { exportName } from '../names/export-name.ts';
import type { OpenedDisk } from './opened-disk.ts';
import type { SharedRepositories } from './shared-repositories.ts';

/** Opens a disk of a point; the point is held as long as it is open. Rejects with `NOT_FOUND` for a disk that it does not have. */
export async function openPointDisk(
  repositories: SharedRepositories,
  { repository: named, id, disk, passphraseFile }: PointEntry,
  confine: Confine,
  call?: Call,
): Promise<OpenedDisk> {
  const opened = new Closer();
  return orClose(opened, async () => {
    const file = passphraseFile === undefined ? undefined : await confine(passphraseFile);
    const request = { repository: named, passphraseFile: file, confine };
    const { repository } = opened.add(await repositories.take(request, call));
    const reader = opened.add(await repository.open(pointId(id), call));
    const found = diskOf(reader, disk);
    const { at, id: point, machine, spec } = reader.point;
    const kind = found.disk.base === null ? 'full' : 'incr';
    return {
      reader: found.reader,
      name: (isTaken) => exportName({ contextId: machine, disk, kind, at, pointId: point }, isTaken),
      description: `disk-${disk} of ${spec.name} at ${at.toISOString()}, point ${point}`,
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  });
}

function diskOf(reader: PointReader, number: number): { disk: PointDisk; reader: OpenedDisk['reader'] } {
  const disk = reader.point.disks.find((candidate) => candidate.number === number);
  const view = reader.disks.find(({ id }) => id === disk?.id);
  if (disk !== undefined && view !== undefined) return { disk, reader: view.reader };
  const { id, disks } = reader.point;
  throw new SendenseError('NOT_FOUND', `the point ${id} has no disk-${number}`, {
    operation: 'open-export',
    context: { pointId: id, disk: number },
    remedy: `it has ${disks.map((each) => `disk-${each.number}`).join(', ')}`,
  });
}
