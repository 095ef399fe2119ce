import { Agent } from 'node:https';
import { S3Client } from '@aws-sdk/client-s3';
import type { S3Credentials, S3StoreServices, S3StoreSettings } from './options.ts';

/** Connections to the service at once; more requests wait for one. */
const MAX_SOCKETS = 64;
const CONNECT_TIMEOUT_MS = 10_000;

/** A client that tries each request once: repeating is done, bounded and told, by the store. */
export function createS3Client(settings: S3StoreSettings, { credentials }: S3StoreServices): S3Client {
  const { endpoint, region, pathStyle = endpoint !== undefined, caPem, checksums } = settings;
  const mode = checksums === 'always' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED';
  return new S3Client({
    region,
    forcePathStyle: pathStyle,
    maxAttempts: 1,
    requestChecksumCalculation: mode,
    responseChecksumValidation: mode,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      httpAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
      httpsAgent: new Agent({
        keepAlive: true,
        maxSockets: MAX_SOCKETS,
        ...(caPem === undefined ? {} : { ca: caPem }),
      }),
    },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials: () => credentials().then(revealed) }),
  });
}

function revealed({ accessKeyId, secretAccessKey, sessionToken, expiration }: S3Credentials) {
  return {
    accessKeyId,
    secretAccessKey: secretAccessKey.reveal(),
    ...(sessionToken === undefined ? {} : { sessionToken: sessionToken.reveal() }),
    ...(expiration === undefined ? {} : { expiration }),
  };
}
