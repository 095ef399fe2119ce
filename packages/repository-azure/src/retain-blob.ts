import type { BlobImmutabilityPolicyMode } from '@azure/storage-blob';
import { type Call, SendenseError } from '@sendense/core';
import { wholeSecond } from '@sendense/object-repository/remote';
import type { Container } from './container.ts';
import { headBlob } from './head-blob.ts';

const OPERATION = 'retain-object';

/** Keeps the blob at least until `until`. */
export async function retainBlob(container: Container, key: string, until: Date, call?: Call): Promise<void> {
  const mode = policyMode(container, OPERATION);
  const isKept = async (): Promise<boolean> => {
    const status = await headBlob(container, key, call);
    if (status === undefined)
      throw new SendenseError('NOT_FOUND', `${container.subject(key)} does not exist`, {
        operation: OPERATION,
      });
    return status.retainUntil !== undefined && status.retainUntil.getTime() >= until.getTime();
  };
  if (await isKept()) return;
  const policy = { expiriesOn: wholeSecond(until), policyMode: mode };
  try {
    const send = (abortSignal: AbortSignal) =>
      container.blob(key).setImmutabilityPolicy(policy, { abortSignal });
    await container.request({ operation: OPERATION, key }, send, call);
  } catch (error) {
    // somebody else set a longer one meanwhile, which the service refuses to shorten
    if (!(await isKept())) throw error;
  }
}

/** The mode of new policies; throws `UNSUPPORTED` for a store without them. */
export function policyMode({ settings, location }: Container, operation: string): BlobImmutabilityPolicyMode {
  const { immutability } = settings;
  if (immutability !== undefined) return immutability === 'locked' ? 'Locked' : 'Unlocked';
  throw new SendenseError('UNSUPPORTED', `${location} is used without immutability policies`, {
    operation,
    remedy: 'use a container with version-level immutability, and the option "immutability"',
  });
}
