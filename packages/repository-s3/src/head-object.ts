import {
  GetObjectRetentionCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
} from '@aws-sdk/client-s3';
import { type Call, SendenseError } from '@sendense/core';
import type { ObjectStatus } from '@sendense/object-repository';
import type { Bucket } from './bucket.ts';
import { mapS3Error } from './map-error.ts';

/** Metadata that tells which creation made an object: see `createOnce`. */
export const CREATION = 'sendense-creation';

/** What the service answers for a version without a lock. */
const NO_LOCK = 'NoSuchObjectLockConfiguration';

/** What the service says of an object, and which creation made it. */
export type Found = { readonly status: ObjectStatus; readonly creation: string | undefined };

/** Looks at an object, or at one version of it; `undefined` when there is none. One request, not repeated. */
export async function findObject(
  bucket: Bucket,
  key: string,
  signal: AbortSignal,
  versionId?: string,
): Promise<Found | undefined> {
  const version = versionId === undefined ? {} : { VersionId: versionId };
  const command = new HeadObjectCommand({ ...bucket.object(key), ...version });
  try {
    return foundIn(await bucket.client.send(command, { abortSignal: signal }), bucket.subject(key));
  } catch (error) {
    const mapped = mapS3Error(error, { operation: 'head-object', subject: bucket.subject(key) });
    if (SendenseError.is(mapped, 'NOT_FOUND')) return undefined;
    throw mapped;
  }
}

/** As `findObject`, repeated where that may help. Of a version that is named the lock is asked for, too. */
export async function headObject(
  bucket: Bucket,
  key: string,
  call?: Call,
  versionId?: string,
): Promise<ObjectStatus | undefined> {
  const request = { operation: 'head-object', key };
  const send = (signal: AbortSignal) => findObject(bucket, key, signal, versionId);
  const status = (await bucket.request(request, send, call))?.status;
  const isTold = status?.retainUntil !== undefined || bucket.settings.objectLock === undefined;
  if (status === undefined || versionId === undefined || isTold) return status;
  const retainUntil = await findLock(bucket, key, versionId, call);
  return retainUntil === undefined ? status : { ...status, retainUntil };
}

/** Until when a version is locked. Not every service tells that of one that is not the current one by `HeadObject`. */
export async function findLock(
  bucket: Bucket,
  key: string,
  versionId: string,
  call?: Call,
): Promise<Date | undefined> {
  const request = { operation: 'head-object', key };
  const command = new GetObjectRetentionCommand({ ...bucket.object(key), VersionId: versionId });
  const send = (signal: AbortSignal) => bucket.client.send(command, { abortSignal: signal });
  try {
    return (await bucket.request(request, send, call)).Retention?.RetainUntilDate;
  } catch (error) {
    if (SendenseError.is(error) && error.context.vendorCode === NO_LOCK) return undefined;
    throw error;
  }
}

function foundIn(output: HeadObjectCommandOutput, subject: string): Found {
  const { ContentLength, LastModified, ObjectLockRetainUntilDate, Metadata } = output;
  if (ContentLength === undefined || LastModified === undefined)
    throw new SendenseError(
      'PROTOCOL_VIOLATION',
      `${subject}: the store tells neither its size nor its time`,
      {
        operation: 'head-object',
      },
    );
  return {
    status: {
      sizeBytes: ContentLength,
      modifiedAt: LastModified,
      ...(ObjectLockRetainUntilDate === undefined ? {} : { retainUntil: ObjectLockRetainUntilDate }),
    },
    creation: Metadata?.[CREATION],
  };
}
