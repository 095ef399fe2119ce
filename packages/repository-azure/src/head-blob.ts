import { type Call, SendenseError } from '@sendense/core';
import type { ObjectStatus } from '@sendense/object-repository';
import type { Container } from './container.ts';

/** Metadata that tells which creation made a blob: see `createOnce`. Azure takes no dashes. */
export const CREATION = 'sendensecreation';

/** What the service says of a blob, and which creation made it. */
export type Found = { readonly status: ObjectStatus; readonly creation: string | undefined };

/** Looks at a blob; `undefined` when there is none. One request, not repeated. */
export async function findBlob(
  container: Container,
  key: string,
  abortSignal: AbortSignal,
): Promise<Found | undefined> {
  const request = { operation: 'head-object', key };
  try {
    const properties = await container.mapped(request, container.blob(key).getProperties({ abortSignal }));
    const { contentLength, lastModified, immutabilityPolicyExpiresOn, metadata } = properties;
    if (contentLength === undefined || lastModified === undefined)
      throw new SendenseError(
        'PROTOCOL_VIOLATION',
        `${container.subject(key)}: the store tells neither its size nor its time`,
        { operation: 'head-object' },
      );
    return {
      status: {
        sizeBytes: contentLength,
        modifiedAt: lastModified,
        ...(immutabilityPolicyExpiresOn === undefined ? {} : { retainUntil: immutabilityPolicyExpiresOn }),
      },
      creation: metadata?.[CREATION],
    };
  } catch (error) {
    if (SendenseError.is(error, 'NOT_FOUND') && error.context.vendorCode !== 'ContainerNotFound')
      return undefined;
    throw error;
  }
}

/** As `findBlob`, repeated where that may help. */
export async function headBlob(
  container: Container,
  key: string,
  call?: Call,
): Promise<ObjectStatus | undefined> {
  const request = { operation: 'head-object', key };
  return (await container.request(request, (signal) => findBlob(container, key, signal), call))?.status;
}
