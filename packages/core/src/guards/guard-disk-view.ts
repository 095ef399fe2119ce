import type { DiskView } from '../capture/disk-view.ts';
import type { Artifact } from '../machine/artifact.ts';
import type { Gate } from './gate.ts';
import { guardReaderWithin } from './guard-reader.ts';

/** A disk view whose reader and changes are closed with the handle that gave it. */
export function guardDiskView(view: DiskView, gate: Gate): DiskView {
  const { id, slot, sizeBytes, sectorBytes, changes } = view;
  return {
    id,
    slot,
    sizeBytes,
    sectorBytes,
    reader: guardReaderWithin(view.reader, gate),
    changes:
      changes.kind === 'full'
        ? changes
        : {
            kind: 'incremental',
            since: changes.since,
            extents: (call) => gate.iterate('list-changes', call, undefined, () => changes.extents(call)),
          },
  };
}

/** An artifact that can be read while the handle that gave it is open. */
export function guardArtifact(artifact: Artifact, gate: Gate): Artifact {
  const { name, sensitive, sizeBytes } = artifact;
  return {
    name,
    sensitive,
    sizeBytes,
    bytes: (call) => gate.query('read-artifact', call, undefined, () => artifact.bytes(call)),
  };
}
