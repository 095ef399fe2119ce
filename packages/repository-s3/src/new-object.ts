import { ChecksumAlgorithm, ObjectLockMode, type StorageClass } from '@aws-sdk/client-s3';
import { SendenseError } from '@sendense/core';
import type { PutOptions } from '@sendense/object-repository';
import { wholeSecond } from '@sendense/object-repository/remote';
import type { Bucket } from './bucket.ts';
import { CREATION, findObject } from './head-object.ts';

/** Fields of a new object that both ways of sending it have. */
export type NewObject = ReturnType<Bucket['object']> & {
  readonly Metadata: Record<string, string>;
  readonly ContentType: string;
  readonly ChecksumAlgorithm?: ChecksumAlgorithm;
  readonly StorageClass?: StorageClass;
  readonly ObjectLockMode?: ObjectLockMode;
  readonly ObjectLockRetainUntilDate?: Date;
};

/** An upload: what is sent, and the mark by which it is known again. */
export type Upload = {
  readonly object: NewObject;
  readonly body: Uint8Array;
  readonly creation: string;
  readonly beforeSend: PutOptions['beforeSend'] | undefined;
};

/** The version that was made; empty in a bucket without versions. */
export type VersionId = { readonly versionId?: string };

/** What every request that makes the object begins with. */
export function newObject(
  bucket: Bucket,
  key: string,
  creation: string,
  retainUntil: Date | undefined,
): NewObject {
  const { storageClass, checksums } = bucket.settings;
  return {
    ...bucket.object(key),
    Metadata: { [CREATION]: creation },
    ContentType: 'application/octet-stream',
    ...(checksums === 'always' ? { ChecksumAlgorithm: ChecksumAlgorithm.CRC32 } : {}),
    ...(storageClass === undefined ? {} : { StorageClass: storageClass as StorageClass }),
    ...(retainUntil === undefined
      ? {}
      : {
          ObjectLockMode: lockMode(bucket, 'put-object'),
          ObjectLockRetainUntilDate: wholeSecond(retainUntil),
        }),
  };
}

/** Whether the object that is there was made by this creation. */
export async function findOwn(
  bucket: Bucket,
  key: string,
  creation: string,
  signal: AbortSignal,
): Promise<VersionId | undefined> {
  const found = await findObject(bucket, key, signal);
  return found?.creation === creation ? {} : undefined;
}

/** The version in the answer to an upload. */
export function versionOf({ VersionId: versionId }: { readonly VersionId?: string | undefined }): VersionId {
  return versionId === undefined || versionId === 'null' ? {} : { versionId };
}

/** The mode of object lock; throws `UNSUPPORTED` for a store without it. */
export function lockMode({ settings, location }: Bucket, operation: string): ObjectLockMode {
  const { objectLock } = settings;
  if (objectLock !== undefined)
    return objectLock === 'compliance' ? ObjectLockMode.COMPLIANCE : ObjectLockMode.GOVERNANCE;
  throw new SendenseError('UNSUPPORTED', `${location} is used without object lock`, {
    operation,
    remedy: 'use a bucket with object lock, and the option "objectLock"',
  });
}
