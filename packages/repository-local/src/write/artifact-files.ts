import { join } from 'node:path';
import { type Artifact, type Call, MAX_ARTIFACT_BYTES, SendenseError } from '@sendense/core';
import { artifactFileName, type MachinePaths } from '../layout/machine-paths.ts';
import { formatStamp } from '../layout/stamp.ts';
import type { PointRecord, RecordArtifact } from '../records/point-record.ts';
import type { LocalStore } from '../store/local-store.ts';

/** An artifact in the session's folder, with durable content. */
export type StagedArtifact = Omit<RecordArtifact, 'file'> & { readonly staged: string };

/** Takes an artifact. Rejects with `INCOMPATIBLE` for a sensitive one: this repository is not encrypted. */
export async function stageArtifact(
  store: LocalStore,
  artifact: Artifact,
  call: Call | undefined,
): Promise<StagedArtifact> {
  const { name, sensitive } = artifact;
  if (sensitive) {
    throw new SendenseError('INCOMPATIBLE', `${name} is sensitive and this repository is not encrypted`, {
      operation: 'write-artifact',
      remedy: 'use an encrypted repository, or leave the artifact out',
    });
  }
  const bytes = await artifact.bytes(call);
  if (bytes.byteLength > MAX_ARTIFACT_BYTES) {
    throw new SendenseError(
      'RANGE_INVALID',
      `${name} has ${bytes.byteLength} bytes, more than ${MAX_ARTIFACT_BYTES}`,
      {
        operation: 'write-artifact',
      },
    );
  }
  const staged = await store.session.stage(bytes, 'artifact');
  const blake3 = Buffer.from(store.blake3(bytes)).toString('hex');
  return { name, sensitive, sizeBytes: bytes.byteLength, blake3, staged };
}

/** Gives staged artifacts their final names, under the machine's lock; durable when it resolves. */
export async function placeArtifacts(
  store: LocalStore,
  paths: MachinePaths,
  { at, id }: Pick<PointRecord, 'at' | 'id'>,
  artifacts: Iterable<StagedArtifact>,
  placed: string[],
): Promise<readonly RecordArtifact[]> {
  const records: RecordArtifact[] = [];
  for (const { staged, ...artifact } of artifacts) {
    const name = artifactFileName(formatStamp(at), id, artifact.name);
    if (records.length === 0) await store.makeFolder(paths.artifacts, paths.folder);
    placed.push(join(paths.artifacts, name));
    await store.session.publish(staged, join(paths.artifacts, name));
    records.push({ ...artifact, file: `artifacts/${name}` });
  }
  if (records.length > 0) await store.syncFolder(paths.artifacts);
  return records;
}
