import type { Proven } from '@sendense/core';
import type { ObjectStoreCapabilities } from '@sendense/object-repository';
import { MAX_OBJECT_BYTES } from '@sendense/object-repository/remote';
import type { AzureStoreSettings } from './options.ts';

/** What a store in Azure offers. Azurite has no immutability policies: they are proven on a model of ours. */
export function capabilitiesOf({
  immutability,
}: Pick<AzureStoreSettings, 'immutability'>): Proven<ObjectStoreCapabilities> {
  return {
    retention: immutability !== undefined,
    maxObjectBytes: MAX_OBJECT_BYTES,
    proof: { retention: 'model', maxObjectBytes: 'model' },
  };
}
