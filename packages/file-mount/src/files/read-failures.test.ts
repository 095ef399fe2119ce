import { type ErrorCode, SendenseError } from '@sendense/core';
import { createMemoryDisk } from '@sendense/testkit';
import { expect, it } from 'vitest';
import { ReadFailures } from './read-failures.ts';

/** After one read that failed so. */
async function failuresOf(
  code: ErrorCode,
): Promise<{ readonly failures: ReadFailures; readonly error: Error }> {
  const failures = new ReadFailures();
  const error = new SendenseError(code, 'not read', { operation: 'read-chunk' });
  const disk = createMemoryDisk({ sizeBytes: 512 }).openReader();
  const watched = failures.watch(Object.assign(disk, { read: () => Promise.reject(error) }));
  await expect(watched.read(0, new Uint8Array(512))).rejects.toBe(error);
  return { failures, error };
}

it.each(['CONNECTION_LOST', 'TIMEOUT', 'PERMISSION_DENIED'] as const)(
  'A backup that could not be read because of %s is no file system that cannot be mounted',
  async (code) => {
    const { failures, error } = await failuresOf(code);
    expect(() => failures.throwLatest()).toThrow(error);
  },
);

it.each(['CORRUPT', 'FORMAT_UNSUPPORTED', 'ABORTED'] as const)(
  'What fails because of %s is told of one volume, and the others are read',
  async (code) => {
    const { failures } = await failuresOf(code);
    expect(() => failures.throwLatest()).not.toThrow();
  },
);
