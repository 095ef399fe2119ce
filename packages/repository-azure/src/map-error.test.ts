import { inspect } from 'node:util';
import { RestError } from '@azure/storage-blob';
import { expect, it } from 'vitest';
import { mapAzureError } from './map-error.ts';

const failed = { operation: 'put-object', subject: 'azure://c/k' };

it.each([
  ['BlobNotFound', 404, 'NOT_FOUND', 'never'],
  ['ContainerNotFound', 404, 'NOT_FOUND', 'never'],
  ['BlobAlreadyExists', 409, 'ALREADY_EXISTS', 'never'],
  ['UnauthorizedBlobOverwrite', 403, 'ALREADY_EXISTS', 'never'],
  ['ConditionNotMet', 412, 'ALREADY_EXISTS', 'never'],
  ['InvalidRange', 416, 'RANGE_INVALID', 'never'],
  ['AuthenticationFailed', 403, 'AUTHENTICATION_FAILED', 'never'],
  ['AuthorizationPermissionMismatch', 403, 'PERMISSION_DENIED', 'never'],
  ['AuthorizationFailure', 403, 'PERMISSION_DENIED', 'never'],
  ['BlobImmutableDueToPolicy', 409, 'IMMUTABLE', 'never'],
  ['ServerBusy', 503, 'RATE_LIMITED', 'later'],
  ['InternalError', 500, 'CONNECTION_LOST', 'later'],
  ['Md5Mismatch', 400, 'CORRUPT', 'later'],
  ['BlobArchived', 409, 'UNSUPPORTED', 'never'],
  ['ECONNREFUSED', undefined, 'CONNECTION_LOST', 'later'],
  ['NeverHeardOf', 400, 'UNEXPECTED', 'never'],
] as const)('%s (HTTP %s) is %s, to be tried %s', (word, statusCode, code, retry) => {
  const from = { code: word, ...(statusCode === undefined ? {} : { statusCode }) };
  const error = mapAzureError(new RestError('secret text', from), failed);
  expect(error).toMatchObject({ code, retry, operation: 'put-object' });
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('secret text');
});

it('answers what is no error of the SDK', () => {
  for (const odd of [undefined, null, 7, 'text', {}])
    expect(mapAzureError(odd, failed).code).toBe('UNEXPECTED');
});
