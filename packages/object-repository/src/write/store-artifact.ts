import { type Artifact, type Call, SendenseError } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { MapBuilder } from '../map/map-builder.ts';
import { rootText } from '../map/open-map.ts';
import { CHUNK_KINDS, ID_BYTES } from '../packs/pack-directory.ts';
import type { RecordArtifact } from '../records/point-record.ts';
import type { ChunkSink, Meter } from './chunk-sink.ts';

/** Stores an artifact like a small disk, but also its zeros. Rejects with `CONFIG_INVALID` when it is not as long as it says. */
export async function storeArtifact(
  { configuration }: RepositoryContext,
  sink: ChunkSink,
  artifact: Artifact,
  call?: Call,
): Promise<RecordArtifact> {
  const { name, sensitive, sizeBytes } = artifact;
  const bytes = await artifact.bytes(call);
  if (bytes.byteLength !== sizeBytes) {
    throw new SendenseError(
      'CONFIG_INVALID',
      `the artifact ${name} has ${bytes.byteLength} bytes, not ${sizeBytes}`,
      {
        operation: 'write-artifact',
      },
    );
  }
  const meter: Meter = { storedBytes: 0 };
  const put = async (chunk: Uint8Array, kind: 1 | 2) => (await sink.put(chunk, kind, meter, call)).ids;
  const map = new MapBuilder(Math.ceil(sizeBytes / configuration.chunkBytes), undefined, (chunk) =>
    put(chunk, CHUNK_KINDS.node),
  );
  if (sizeBytes > 0) {
    const ids = await put(bytes, CHUNK_KINDS.artifact);
    for (let at = 0; at < ids.byteLength; at += ID_BYTES)
      await map.set(at / ID_BYTES, ids.subarray(at, at + ID_BYTES), call);
  }
  return { name, sensitive, sizeBytes, root: rootText(await map.finish(call)) };
}
