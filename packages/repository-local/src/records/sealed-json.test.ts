import { SendenseError } from '@sendense/core';
import { loadBlake3 } from '@sendense/plugin-kit/digest';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checkFields, parseRecord, type RecordType, serializeRecord } from './sealed-json.ts';

const type: RecordType<{ name: string; count: number }> = {
  format: 'test-record',
  version: 2,
  schema: z.object({ name: z.string().max(20), count: z.int() }),
};
const blake3 = await loadBlake3();
const written = Buffer.from(serializeRecord(type, { name: 'größe', count: 3 }, blake3));
const parse = (text: string | Uint8Array) => parseRecord(type, Buffer.from(text), '/r/x.json', blake3);
const edited = (change: (json: Record<string, unknown>) => void): string => {
  const json = JSON.parse(written.toString()) as Record<string, unknown>;
  change(json);
  return JSON.stringify(json);
};

describe('a sealed record', () => {
  it('reads back as it was written', () => {
    expect(parse(written)).toEqual({ name: 'größe', count: 3 });
  });

  it('is unchanged by another layout of the same JSON', () => {
    expect(parse(JSON.stringify(JSON.parse(written.toString())))).toEqual({ name: 'größe', count: 3 });
  });

  it.each([
    ['a changed value', edited((json) => (json.count = 4))],
    ['an added member', edited((json) => (json.extra = true))],
    ['a removed member', edited((json) => delete json.name)],
    ['another format', edited((json) => (json.format = 'other'))],
    ['an older version', edited((json) => (json.version = 1))],
    ['a version that is no number', edited((json) => (json.version = '2'))],
    ['no digest', edited((json) => delete json.blake3)],
    ['a list', '[]'],
    ['half of it', written.subarray(0, written.byteLength / 2)],
    ['bytes that are no UTF-8', Buffer.concat([written, Buffer.of(0xff)])],
    ['nothing', ''],
  ])('is CORRUPT and named with %s', (_, text) => {
    expect(() => parse(text)).toThrowError(
      expect.objectContaining({ code: 'CORRUPT', context: { path: '/r/x.json' } }),
    );
  });

  it('of a newer version is FORMAT_UNSUPPORTED, whatever its digest', () => {
    expect(() => parse(edited((json) => (json.version = 3)))).toThrowError(
      expect.objectContaining({ code: 'FORMAT_UNSUPPORTED' }),
    );
  });

  it('with a right digest over wrong content is CORRUPT', () => {
    const other = { ...type, schema: z.object({}) } as unknown as RecordType<never>;
    const bytes = serializeRecord(other, { name: 3, count: 3 }, blake3);
    expect(() => parse(bytes)).toThrowError(/name/);
  });

  it('refuses fields that could not be read back, before they are written', () => {
    expect(() => checkFields(type, { name: 'x'.repeat(21), count: 1 })).toThrowError(SendenseError);
    expect(() => checkFields(type, { name: 'x', count: 1 })).not.toThrow();
  });
});
