import { type Call, SendenseError, systemServices } from '@sendense/core';
import type { ObjectStore } from '@sendense/object-repository';
import { parseOptions } from '@sendense/plugin-kit';
import { capabilitiesOf } from './capabilities.ts';
import { Container } from './container.ts';
import { getBlob } from './get-blob.ts';
import { headBlob } from './head-blob.ts';
import { listBlobs } from './list-blobs.ts';
import { type AzureStoreOptions, type AzureStoreServices, azureStoreOptionsSchema } from './options.ts';
import { putBlob } from './put-blob.ts';
import { retainBlob } from './retain-blob.ts';

/** Opens a store in a container of Azure Blob Storage; nothing is sent. Rejects with `CONFIG_INVALID` for wrong options. */
export async function openAzureStore(
  options: AzureStoreOptions,
  services: AzureStoreServices = {},
): Promise<ObjectStore> {
  const settings = await parseOptions(azureStoreOptionsSchema, options, 'options of the Azure store');
  const { timer, credential } = services;
  const host = { ...systemServices(services), ...(timer === undefined ? {} : { timer }) };
  const container = new Container(settings, host, credential);
  return {
    location: container.location,
    capabilities: capabilitiesOf(settings),
    put: (key, bytes, put, call) => putBlob(container, key, bytes, put, call),
    get: async (key, range, call) => getBlob(container, key, range, call),
    head: (key, call) => headBlob(container, key, call),
    list: (prefix, list, call) => listBlobs(container, prefix, list, call),
    delete: (key, call) => deleteBlob(container, key, call),
    retain: (key, until, call) => retainBlob(container, key, until, call),
    [Symbol.asyncDispose]() {
      container.close();
      return Promise.resolve();
    },
  };
}

async function deleteBlob(container: Container, key: string, call?: Call): Promise<void> {
  const blob = container.blob(key);
  const request = { operation: 'delete-object', key };
  try {
    await container.request(
      request,
      (abortSignal) => blob.delete({ deleteSnapshots: 'include', abortSignal }),
      call,
    );
  } catch (error) {
    if (SendenseError.is(error, 'NOT_FOUND') && error.context.vendorCode !== 'ContainerNotFound') return;
    throw error;
  }
}
