import { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { Secret } from '@sendense/core';
import type { ValidationSizes } from '@sendense/object-repository/validate';
import { type AzureStoreOptions, type AzureStoreServices, openAzureStore } from '@sendense/repository-azure';
import { AZURITE, startAzurite, startImmutabilityModel } from '@sendense/tests/objects';
import { afterAll, beforeAll } from 'vitest';

const MIB = 2 ** 20;

/** The shape of the sizes of a user's validation, small: several pages, several blocks. */
export const SMALL_SIZES: ValidationSizes = {
  listedObjects: 30,
  largeBytes: 5 * MIB,
  racers: 16,
  lockMs: 60_000,
};

/** The account of the test server, as a host gives it. */
export const CREDENTIAL = {
  credential: { kind: 'account-key', account: AZURITE.account, key: new Secret(AZURITE.accountKey) },
} satisfies AzureStoreServices;

/** Azurite with a container, and a model of ours in front of it that has immutability policies. */
export interface BlobService extends AsyncDisposable {
  readonly endpoint: string;
  readonly container: ContainerClient;
  readonly open: (
    options?: Partial<AzureStoreOptions>,
    services?: AzureStoreServices,
  ) => ReturnType<typeof openAzureStore>;
}

/** Starts it. Stores with `immutability` speak to the model, the others to Azurite itself. */
export async function startBlobService(): Promise<BlobService> {
  await using cleanup = new AsyncDisposableStack();
  const azurite = cleanup.use(await startAzurite());
  const model = cleanup.use(await startImmutabilityModel(azurite.endpoint));
  const account = (endpoint: string) => `${endpoint}/${AZURITE.account}`;
  const signer = new StorageSharedKeyCredential(AZURITE.account, AZURITE.accountKey);
  const container = new ContainerClient(`${account(azurite.endpoint)}/backups`, signer);
  await container.create();
  const servers = cleanup.move();
  return {
    endpoint: account(azurite.endpoint),
    container,
    open: (options = {}, services = {}) => {
      const endpoint = account((options.immutability === undefined ? azurite : model).endpoint);
      const small = { pageSize: 7, partBytes: 2 * MIB };
      return openAzureStore(
        { container: 'backups', endpoint, ...small, ...options },
        { ...CREDENTIAL, ...services },
      );
    },
    [Symbol.asyncDispose]: () => servers.disposeAsync(),
  };
}

/** A service for all tests of a suite. */
export function serviceOfSuite(): Pick<BlobService, 'open'> {
  let service: BlobService;
  beforeAll(async () => {
    service = await startBlobService();
  });
  afterAll(() => service[Symbol.asyncDispose]());
  return { open: (options, services) => service.open(options, services) };
}
