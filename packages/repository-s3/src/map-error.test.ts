import { Agent } from 'node:http';
import { connect } from 'node:net';
import { inspect } from 'node:util';
import { ListBucketsCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { mapS3Error } from './map-error.ts';

const failed = { operation: 'put-object', subject: 's3://b/k' };

function serviceError(name: string, httpStatusCode: number, message = 'secret text'): S3ServiceException {
  return new S3ServiceException({
    name,
    message,
    $fault: 'client',
    $metadata: { httpStatusCode, requestId: 'R1' },
  });
}

it.each([
  ['NoSuchKey', 404, 'NOT_FOUND', 'never'],
  ['NoSuchBucket', 404, 'NOT_FOUND', 'never'],
  ['PreconditionFailed', 412, 'ALREADY_EXISTS', 'never'],
  ['ConditionalRequestConflict', 409, 'CONFLICT', 'later'],
  ['InvalidRange', 416, 'RANGE_INVALID', 'never'],
  ['AccessDenied', 403, 'PERMISSION_DENIED', 'never'],
  ['InvalidAccessKeyId', 403, 'AUTHENTICATION_FAILED', 'never'],
  ['ExpiredToken', 400, 'EXPIRED', 'never'],
  ['RequestTimeTooSkewed', 403, 'AUTHENTICATION_FAILED', 'later'],
  ['SlowDown', 503, 'RATE_LIMITED', 'later'],
  ['InternalError', 500, 'CONNECTION_LOST', 'later'],
  ['BadDigest', 400, 'CORRUPT', 'later'],
  ['PermanentRedirect', 301, 'CONFIG_INVALID', 'never'],
  ['InvalidObjectState', 403, 'UNSUPPORTED', 'never'],
  ['XMinioStorageFull', 507, 'NO_SPACE', 'later'],
  ['NeverHeardOf', 400, 'UNEXPECTED', 'never'],
] as const)('%s (HTTP %i) is %s, to be tried %s', (name, status, code, retry) => {
  const error = mapS3Error(serviceError(name, status), failed);
  expect(error).toMatchObject({ code, retry, operation: 'put-object', context: { requestId: 'R1' } });
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('secret text');
});

it('knows how connections end, and damage that the SDK notices', () => {
  const code = (error: unknown) => mapS3Error(error, failed).code;
  expect(code(Object.assign(new Error('x'), { code: 'ECONNRESET' }))).toBe('CONNECTION_LOST');
  expect(code(Object.assign(new Error('x'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }))).toBe('UNTRUSTED_PEER');
  expect(code(new Error('Checksum mismatch: expected "a" but received "b"'))).toBe('CORRUPT');
  for (const odd of [undefined, null, 7, 'text', {}]) expect(code(odd)).toBe('UNEXPECTED');
});

it('a port that never answers is a timeout that is tried again', async () => {
  /** Connections that never come about. */
  class SilentAgent extends Agent {
    override createConnection() {
      return connect({ host: 'silent.invalid', port: 9, lookup: () => undefined });
    }
  }
  const client = new S3Client({
    endpoint: 'http://127.0.0.1:9',
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    requestHandler: { connectionTimeout: 5, httpAgent: new SilentAgent() },
  });
  const failure: unknown = await client.send(new ListBucketsCommand({})).catch((error: unknown) => error);
  client.destroy();
  expect(mapS3Error(failure, failed)).toMatchObject({ code: 'TIMEOUT', retry: 'later' });
});
