import type { BlockWriter } from '../block/block-writer.ts';
import { MAX_ARTIFACT_BYTES } from '../machine/artifact.ts';
import type { PointWriter } from '../repository/point-writer.ts';
import type { PointReader } from '../repository/repository.ts';
import { checkArray, checkMaximum, checkObject } from './check-arguments.ts';
import { Gate } from './gate.ts';
import { guardArtifact, guardDiskView } from './guard-disk-view.ts';
import { guardOnce } from './guard-once.ts';
import { checkFlushed, guardWriterWithin } from './guard-writer.ts';

/** The guarded writers of a handle, closed with it. */
export function guardWriters<K extends string>(
  disks: ReadonlyMap<K, BlockWriter>,
  gate: Gate,
): ReadonlyMap<K, BlockWriter> {
  return new Map([...disks].map(([disk, writer]) => [disk, guardWriterWithin(writer, gate)]));
}

/** A point writer whose commit is refused while a disk has failed or has unflushed writes. */
export const guardPointWriter = guardOnce<PointWriter>((inner) => {
  const gate = new Gate('point writer');
  const disks = guardWriters(inner.disks, gate);
  return {
    disks,
    artifact: (artifact, call) =>
      gate.query(
        'write-artifact',
        call,
        () => {
          checkObject(artifact, 'artifact');
          checkMaximum(artifact.sizeBytes, MAX_ARTIFACT_BYTES, 'write-artifact');
        },
        () => inner.artifact(artifact, call),
      ),
    commit: (states, call) =>
      gate.effect(
        'commit-point',
        call,
        () => {
          checkArray(states, 'states');
          checkFlushed(disks, 'commit-point');
        },
        () => inner.commit(states, call),
      ),
    [Symbol.asyncDispose]: () => gate.close(inner),
  };
});

/** A point reader whose views and artifacts are closed with it. */
export const guardPointReader = guardOnce<PointReader>((inner) => {
  const gate = new Gate('point reader');
  return {
    point: inner.point,
    disks: inner.disks.map((view) => guardDiskView(view, gate)),
    artifacts: inner.artifacts.map((artifact) => guardArtifact(artifact, gate)),
    [Symbol.asyncDispose]: () => gate.close(inner),
  };
});
