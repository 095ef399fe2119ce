import { PutObjectRetentionCommand } from '@aws-sdk/client-s3';
import { type Call, SendenseError } from '@sendense/core';
import { wholeSecond } from '@sendense/object-repository/remote';
import type { Bucket } from './bucket.ts';
import { headObject } from './head-object.ts';
import { lockMode } from './new-object.ts';
import { findFirstVersion } from './object-versions.ts';

const OPERATION = 'retain-object';

/** Keeps the version that was written first at least until `until`: it is the one that a create-only writer made. */
export async function retainObject(bucket: Bucket, key: string, until: Date, call?: Call): Promise<void> {
  const Mode = lockMode(bucket, OPERATION);
  const versionId = await findFirstVersion(bucket, key, call);
  if (versionId === undefined) throw notThere(bucket, key);
  const isKept = async (): Promise<boolean> => {
    const status = await headObject(bucket, key, call, versionId);
    if (status === undefined) throw notThere(bucket, key);
    return status.retainUntil !== undefined && status.retainUntil.getTime() >= until.getTime();
  };
  if (await isKept()) return;
  const command = new PutObjectRetentionCommand({
    ...bucket.object(key),
    VersionId: versionId,
    Retention: { Mode, RetainUntilDate: wholeSecond(until) },
  });
  try {
    await bucket.request(
      { operation: OPERATION, key },
      (signal) => bucket.client.send(command, { abortSignal: signal }),
      call,
    );
  } catch (error) {
    // somebody else set a longer one meanwhile, which the service refuses to shorten
    if (!(await isKept())) throw error;
  }
}

function notThere(bucket: Bucket, key: string): SendenseError {
  return new SendenseError('NOT_FOUND', `${bucket.subject(key)} does not exist`, { operation: OPERATION });
}
