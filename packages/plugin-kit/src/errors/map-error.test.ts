import { SendenseError } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import { mapByTable } from './map-error.ts';

const table = { E1: ['LOCKED', 'is in use', 'stop the other program'] } as const;
const failed = { operation: 'open-disk', subject: '/disk', vendorCode: 'E1' };

describe('mapByTable', () => {
  it('makes a sentence, a remedy and the cause of a known code', () => {
    const cause = new Error('E1');
    expect(mapByTable(cause, table, { ...failed, context: { host: 'h' } })).toMatchObject({
      code: 'LOCKED',
      message: '/disk is in use',
      remedy: 'stop the other program',
      operation: 'open-disk',
      context: { host: 'h' },
      cause,
    });
  });

  it('calls an unknown code UNEXPECTED, names of Object.prototype too', () => {
    for (const vendorCode of ['E2', 'toString', '__proto__', ''])
      expect(mapByTable(new Error('odd'), table, { ...failed, vendorCode }).code).toBe('UNEXPECTED');
  });

  it('passes a SendenseError through', () => {
    const error = new SendenseError('CORRUPT', 'x', { operation: 'y' });
    expect(mapByTable(error, table, failed)).toBe(error);
  });
});
