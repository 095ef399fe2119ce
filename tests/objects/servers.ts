import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type HttpServerProcess, startHttpServer } from './http-server-process.ts';

/** What the S3 servers are started with. */
export const TEST_KEYS = {
  accessKeyId: 'test-access-key',
  secretAccessKey: 'test-secret-key-0123456789',
} as const;

/** versitygw on files: strict S3 with versions and object lock. Buckets are the caller's to make. */
export function startVersityGateway(): Promise<HttpServerProcess> {
  return startHttpServer({
    peer: 'versitygw',
    program: 'versitygw',
    env: { ROOT_ACCESS_KEY: TEST_KEYS.accessKeyId, ROOT_SECRET_KEY: TEST_KEYS.secretAccessKey },
    prepare: async (folder) => {
      await mkdir(join(folder, 'data'));
      await mkdir(join(folder, 'versions'));
    },
    args: (folder, port) => [
      '--port',
      `127.0.0.1:${port}`,
      '--quiet',
      'posix',
      '--versioning-dir',
      join(folder, 'versions'),
      join(folder, 'data'),
    ],
  });
}

/** s3rver: an S3 that ignores `If-None-Match`, and has no object lock. `bucket` is made by it. */
export function startS3rver(bucket: string): Promise<HttpServerProcess> {
  return startHttpServer({
    peer: 's3rver',
    program: 's3rver',
    args: (folder, port) => [
      '--directory',
      folder,
      '--address',
      '127.0.0.1',
      '--port',
      `${port}`,
      '--silent',
      '--configure-bucket',
      bucket,
    ],
  });
}

/** Adobe's S3Mock, an S3 on files that asks for no keys. `bucket` is made by it. */
export function startS3Mock(bucket: string): Promise<HttpServerProcess> {
  const loopback = fileURLToPath(new URL('s3mock-loopback.xml', import.meta.url));
  return startHttpServer({
    peer: 's3mock',
    program: 's3mock',
    args: (folder, port) => [
      '--server.address=127.0.0.1',
      `--server.port=${port}`,
      '--server.ssl.enabled=false',
      `--spring.main.sources=file:${loopback}`,
      '--spring.main.allow-bean-definition-overriding=true',
      `--com.adobe.testing.s3mock.store.root=${folder}`,
      `--com.adobe.testing.s3mock.store.initial-buckets=${bucket}`,
    ],
  });
}

/** The account of Azurite, which its documents publish. */
export const AZURITE = {
  account: 'devstoreaccount1',
  accountKey: 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==',
} as const;

/** Azurite's blob service. Containers are the caller's to make. */
export function startAzurite(): Promise<HttpServerProcess> {
  return startHttpServer({
    peer: 'azurite',
    program: 'azurite-blob',
    args: (folder, port) => [
      '--silent',
      '--disableTelemetry',
      '--skipApiVersionCheck',
      '--location',
      folder,
      '--blobHost',
      '127.0.0.1',
      '--blobPort',
      `${port}`,
    ],
  });
}
