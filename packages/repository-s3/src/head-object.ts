import { HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { type Call, SendenseError } from '@sendense/core';
import type { ObjectStatus } from '@sendense/object-repository';
import type { Bucket } from './bucket.ts';
import { mapS3Error } from './map-error.ts';

/** Metadata that tells which creation made an object: see `createOnce`. */
export const CREATION = 'sendense-creation';

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

/** As `findObject`, repeated where that may help. */
export async function headObject(
  bucket: Bucket,
  key: string,
  call?: Call,
  versionId?: string,
): Promise<ObjectStatus | undefined> {
  const request = { operation: 'head-object', key };
  return (await bucket.request(request, (signal) => findObject(bucket, key, signal, versionId), call))
    ?.status;
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
