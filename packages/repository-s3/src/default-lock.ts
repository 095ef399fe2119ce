import { GetObjectLockConfigurationCommand } from '@aws-sdk/client-s3';
import type { Call } from '@sendense/core';
import type { Bucket } from './bucket.ts';
import { headObject } from './head-object.ts';

/**
 * Until when the rule of a bucket keeps a version by itself; `undefined` where it has none, or not any more. S3 writes that time to each
 * object; there are services that go by the rule alone, and tell of no lock of the object. Rejects where the rule may not be read.
 */
export async function findDefaultLock(
  bucket: Bucket,
  key: string,
  versionId: string,
  call?: Call,
): Promise<Date | undefined> {
  const command = new GetObjectLockConfigurationCommand({ Bucket: bucket.settings.bucket });
  const { ObjectLockConfiguration } = await bucket.request(
    { operation: 'find-default-lock', key: '' },
    (signal) => bucket.client.send(command, { abortSignal: signal }),
    call,
  );
  const { Days = 0, Years = 0 } = ObjectLockConfiguration?.Rule?.DefaultRetention ?? {};
  const status = await headObject(bucket, key, call, versionId);
  if (status === undefined) return undefined;
  const until = new Date(status.modifiedAt);
  until.setUTCFullYear(until.getUTCFullYear() + Years);
  until.setUTCDate(until.getUTCDate() + Days);
  return until > bucket.services.clock.now() ? until : undefined;
}
