import { type ErrorCode, type ErrorDetails, SendenseError } from '@sendense/core';
import { expect, it } from 'vitest';
import { tellServerFailure } from './tell-server-failure.ts';

/** The remedy of a failure that was told with `context`. */
function remedyOf(
  code: ErrorCode,
  operation: string,
  context: { readonly [key: string]: string | number },
): string | undefined {
  const remedy = 'see GET /api/v1/jobs';
  return tellServerFailure(new SendenseError(code, 'it failed', { operation, context, remedy })).remedy;
}

it('says flags and verbs where the server says operations of its API', () => {
  expect(remedyOf('NOT_FOUND', 'find-job', { status: 404 })).toContain('jobs list');
  expect(remedyOf('NOT_FOUND', 'find-backup', { status: 404 })).toContain('backup list');
  expect(remedyOf('CONFLICT', 'find-backup', { status: 409 })).toContain('--repository');
  expect(remedyOf('CONFIG_INVALID', 'mount-backup', { status: 400 })).toContain('--trust-image');
  expect(remedyOf('UNSUPPORTED', 'mount-backup', { status: 501 })).toContain('backup extract');
  for (const operation of ['mount-backup', 'open-mount'])
    expect(remedyOf('QUOTA_EXCEEDED', operation, { status: 429 })).toContain('backup unmount');
  expect(remedyOf('NO_SPACE', 'write-disk', { status: 507 })).toBe('see GET /api/v1/jobs');
});

it('speaks of the token and the authorities only where the server itself refuses, or is not trusted', () => {
  expect(remedyOf('AUTHENTICATION_FAILED', 'authenticate', { status: 401 })).toContain('--token-file');
  expect(remedyOf('UNTRUSTED_PEER', 'listBackups', {})).toContain('--ca-file');
  for (const context of [{ status: 502 }, { job: 'j' }])
    for (const code of ['AUTHENTICATION_FAILED', 'UNTRUSTED_PEER'] as const)
      expect(remedyOf(code, 'connect', context)).toBe('see GET /api/v1/jobs');
});

it('tells that a change without an answer may have happened, but not what cannot have changed anything', () => {
  const told = (code: ErrorCode, details: Partial<ErrorDetails>) =>
    tellServerFailure(new SendenseError(code, 'it failed', { operation: 'deleteBackup', ...details }));
  const adviceOn = (operation: string) => told('TIMEOUT', { effect: 'unknown', operation }).remedy;
  expect(adviceOn('mountBackup')).toContain('closes by itself');
  for (const operation of ['startBackup', 'startRestore', 'cancelJob'])
    expect(adviceOn(operation)).toContain('jobs list');
  for (const code of ['TIMEOUT', 'CONNECTION_LOST'] as const) {
    expect(told(code, { effect: 'unknown' })).toMatchObject({
      code,
      message: 'it failed; what was asked for may have happened, or happen still',
      remedy: expect.stringContaining('backup list') as string,
    });
    expect(told(code, {}).message).toBe('it failed');
    expect(told(code, { effect: 'unknown', context: { job: 'j' } }).message).toBe('it failed');
  }
  expect(told('NO_SPACE', { effect: 'unknown' }).message).toBe('it failed');
});
