import { GetObjectLockConfigurationCommand } from '@aws-sdk/client-s3';
import { type ByteRange, type Call, SendenseError, systemServices } from '@sendense/core';
import type { ObjectStore } from '@sendense/object-repository';
import { parseOptions } from '@sendense/plugin-kit';
import { Bucket } from './bucket.ts';
import { capabilitiesOf } from './capabilities.ts';
import { deleteObject } from './delete-object.ts';
import { getObject } from './get-object.ts';
import { headObject } from './head-object.ts';
import { listObjects } from './list-objects.ts';
import { findFirstVersion } from './object-versions.ts';
import { type S3StoreOptions, type S3StoreServices, s3StoreOptionsSchema } from './options.ts';
import { putObject } from './put-object.ts';
import { retainObject } from './retain-object.ts';
import { createS3Client } from './s3-client.ts';

/**
 * Opens a store in a bucket of S3, or of anything that speaks its protocol. With `objectLock` it asks whether the bucket
 * has it (`UNSUPPORTED` if not); otherwise nothing is sent. Rejects with `CONFIG_INVALID` for wrong options.
 */
export async function openS3Store(
  options: S3StoreOptions,
  services: S3StoreServices = {},
): Promise<ObjectStore> {
  const settings = await parseOptions(s3StoreOptionsSchema, options, 'options of the S3 store');
  const { timer } = services;
  const host = { ...systemServices(services), ...(timer === undefined ? {} : { timer }) };
  const bucket = new Bucket(createS3Client(settings, services), settings, host);
  try {
    if (settings.objectLock !== undefined) await requireObjectLock(bucket);
  } catch (error) {
    bucket.close();
    throw error;
  }
  return storeOf(bucket);
}

function storeOf(bucket: Bucket): ObjectStore {
  /** The version to be read: `undefined` for the current one. Rejects with `NOT_FOUND` when there is none at all. */
  const versionOf = async (key: string, call?: Call): Promise<string | undefined> => {
    if (bucket.settings.versions === 'current') return undefined;
    const first = await findFirstVersion(bucket, key, call);
    if (first !== undefined) return first;
    throw new SendenseError('NOT_FOUND', `${bucket.subject(key)} does not exist`, {
      operation: 'find-version',
    });
  };
  return {
    location: bucket.location,
    capabilities: capabilitiesOf(bucket.settings),
    put: (key, bytes, put, call) => putObject(bucket, key, bytes, put, call),
    get: async (key: string, range?: ByteRange, call?: Call) =>
      getObject(bucket, key, range, call, await versionOf(key, call)),
    async head(key, call) {
      if (bucket.settings.versions === 'current') return headObject(bucket, key, call);
      const first = await findFirstVersion(bucket, key, call);
      return first === undefined ? undefined : headObject(bucket, key, call, first);
    },
    list: (prefix, list, call) => listObjects(bucket, prefix, list, call),
    delete: (key, call) => deleteObject(bucket, key, call),
    retain: (key, until, call) => retainObject(bucket, key, until, call),
    [Symbol.asyncDispose]() {
      bucket.close();
      return Promise.resolve();
    },
  };
}

/** A writer may lack the right to ask; then each object that it creates shows whether it was locked. */
async function requireObjectLock(bucket: Bucket): Promise<void> {
  const operation = 'open-store';
  const command = new GetObjectLockConfigurationCommand({ Bucket: bucket.settings.bucket });
  const isEnabled = await bucket
    .request({ operation, key: '' }, (signal) => bucket.client.send(command, { abortSignal: signal }))
    .then(({ ObjectLockConfiguration }) => ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled')
    .catch((error: unknown) => {
      if (SendenseError.is(error, 'PERMISSION_DENIED')) return true;
      if (SendenseError.is(error, 'NOT_FOUND') && error.context.vendorCode !== 'NoSuchBucket') return false;
      throw error;
    });
  if (isEnabled) return;
  throw new SendenseError('UNSUPPORTED', `${bucket.location}: the bucket has no object lock`, {
    operation,
    remedy: 'make a bucket with object lock, or leave out the option "objectLock"',
  });
}
