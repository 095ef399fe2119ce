import type { Proven } from '@sendense/core';
import type { ObjectStoreCapabilities } from '@sendense/object-repository';
import { MAX_OBJECT_BYTES } from '@sendense/object-repository/remote';
import type { S3StoreSettings } from './options.ts';

/** What a store in S3 offers. */
export function capabilitiesOf({
  objectLock,
}: Pick<S3StoreSettings, 'objectLock'>): Proven<ObjectStoreCapabilities> {
  return {
    retention: objectLock !== undefined,
    maxObjectBytes: MAX_OBJECT_BYTES,
    proof: { retention: 'real', maxObjectBytes: 'model' },
  };
}
