import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { Secret } from '@sendense/core';
import type { ValidationSizes } from '@sendense/object-repository/validate';
import { openS3Store, type S3StoreOptions, type S3StoreServices } from '@sendense/repository-s3';
import { startVersityGateway, TEST_KEYS } from '@sendense/tests/objects';
import { afterAll, beforeAll } from 'vitest';

const MIB = 2 ** 20;

/** The shape of the sizes of a user's validation, small: several pages, several parts. */
export const SMALL_SIZES: ValidationSizes = {
  listedObjects: 30,
  largeBytes: 18 * MIB,
  racers: 16,
  lockMs: 60_000,
};

/** Options by which small things need several pages and several parts. */
export const SMALL_OPTIONS = { pageSize: 7, partBytes: 5 * MIB } as const;

/** The keys of the test servers, as a host gives them. */
export const CREDENTIALS = {
  credentials: () =>
    Promise.resolve({
      accessKeyId: TEST_KEYS.accessKeyId,
      secretAccessKey: new Secret(TEST_KEYS.secretAccessKey),
    }),
} satisfies S3StoreServices;

/** A client without our store: what somebody else does with the same keys. */
export function strangerClient(endpoint: string): S3Client {
  return new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: TEST_KEYS });
}

/** A gateway with two buckets: `plain`, and `locked` with object lock. */
export interface Gateway extends AsyncDisposable {
  readonly endpoint: string;
  readonly client: S3Client;
  readonly open: (options: Partial<S3StoreOptions>) => ReturnType<typeof openS3Store>;
}

/** Starts a gateway and makes its buckets. */
export async function startGateway(): Promise<Gateway> {
  const server = await startVersityGateway();
  const { endpoint } = server;
  const client = strangerClient(endpoint);
  await client.send(new CreateBucketCommand({ Bucket: 'plain' }));
  await client.send(new CreateBucketCommand({ Bucket: 'locked', ObjectLockEnabledForBucket: true }));
  return {
    endpoint,
    client,
    open: (options) => openS3Store({ bucket: 'plain', endpoint, ...SMALL_OPTIONS, ...options }, CREDENTIALS),
    async [Symbol.asyncDispose]() {
      client.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** A gateway for all tests of a suite. */
export function gatewayOfSuite(): Pick<Gateway, 'open'> {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway[Symbol.asyncDispose]());
  return { open: (options) => gateway.open(options) };
}
