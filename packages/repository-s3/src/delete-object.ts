import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { type Call, SendenseError } from '@sendense/core';
import type { Bucket } from './bucket.ts';
import { findDefaultLock } from './default-lock.ts';
import { findLock } from './head-object.ts';
import { allVersions, type ObjectVersion } from './object-versions.ts';

const OPERATION = 'delete-object';

/**
 * Removes an object for good. In a bucket with versions a plain deletion only hides the object, so each version is
 * removed, the first written before the others: where retention forbids it, nothing has changed. A bucket may lock whatever is put into
 * it without being known to: there the marks that hide the object go again.
 */
export async function deleteObject(bucket: Bucket, key: string, call?: Call): Promise<void> {
  if (bucket.settings.objectLock === undefined) {
    const { DeleteMarker } = await remove(bucket, key, undefined, call);
    if (DeleteMarker !== true) return;
  }
  const versions = await allVersions(bucket, key, call);
  for (const { versionId } of versions) {
    try {
      await remove(bucket, key, versionId, call);
    } catch (error) {
      if (SendenseError.is(error, 'NOT_FOUND')) continue;
      if (bucket.settings.objectLock === undefined) await showAgain(bucket, key, versions);
      await explain(bucket, key, versionId, error, call);
    }
  }
}

/**
 * Takes away the marks that hide an object, also when the deletion was aborted: what nothing lists nobody would delete later. Never
 * rejects: why the object was not deleted is what its caller has to be told.
 */
async function showAgain(bucket: Bucket, key: string, versions: readonly ObjectVersion[]): Promise<void> {
  for (const { versionId } of versions.filter(({ isMarker }) => isMarker))
    try {
      await remove(bucket, key, versionId, undefined);
    } catch (error) {
      if (SendenseError.is(error, 'NOT_FOUND')) continue; // somebody else took it away
      const message = `${bucket.subject(key)} was not deleted, and a mark still hides it: ${String(error)}`;
      bucket.services.log({ level: 'warn', message, fields: { version: versionId } });
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
): Promise<never> {
  if (!SendenseError.is(error)) throw error;
  // also where the store was not asked to lock: the bucket may do so by itself
  const lock = await findLock(bucket, key, versionId, call).catch(() => undefined);
  const retainUntil = lock ?? (await findDefaultLock(bucket, key, versionId, call).catch(() => undefined));
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
