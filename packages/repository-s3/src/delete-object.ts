import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { type Call, SendenseError } from '@sendense/core';
import type { Bucket } from './bucket.ts';
import { headObject } from './head-object.ts';
import { allVersions } from './object-versions.ts';

const OPERATION = 'delete-object';

/**
 * Removes an object for good. In a bucket with versions a plain deletion only hides the object, so each version is
 * removed, the first written before the others: where retention forbids it, nothing has changed.
 */
export async function deleteObject(bucket: Bucket, key: string, call?: Call): Promise<void> {
  if (bucket.settings.objectLock === undefined) {
    const { DeleteMarker } = await remove(bucket, key, undefined, call);
    if (DeleteMarker !== true) return;
  }
  for (const { versionId } of await allVersions(bucket, key, call)) {
    await remove(bucket, key, versionId, call).catch((error: unknown) =>
      explain(bucket, key, versionId, error, call),
    );
  }
}

async function remove(bucket: Bucket, key: string, versionId: string | undefined, call?: Call) {
  const version = versionId === undefined ? {} : { VersionId: versionId };
  const command = new DeleteObjectCommand({ ...bucket.object(key), ...version });
  return bucket.request(
    { operation: OPERATION, key },
    (signal) => bucket.client.send(command, { abortSignal: signal }),
    call,
  );
}

/** Services refuse what is locked as they refuse what is not allowed: only looking tells which it is. */
async function explain(
  bucket: Bucket,
  key: string,
  versionId: string,
  error: unknown,
  call?: Call,
): Promise<void> {
  if (SendenseError.is(error, 'NOT_FOUND')) return;
  const retainUntil = SendenseError.is(error)
    ? (await headObject(bucket, key, call, versionId).catch(() => undefined))?.retainUntil
    : undefined;
  if (retainUntil === undefined) throw error;
  throw new SendenseError(
    'IMMUTABLE',
    `${bucket.subject(key)} is locked until ${retainUntil.toISOString()}`,
    {
      operation: OPERATION,
      context: { retainUntil: retainUntil.toISOString() },
      remedy: 'wait until the lock has run out',
      cause: error,
    },
  );
}
