import { captureId, streamId } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import { parseBitmapName, serializeBitmapName } from './bitmap-name.ts';

describe('the name of a baseline', () => {
  it('says capture, stream and time', () => {
    const parts = {
      capture: captureId('sendense-1.a:b'),
      stream: streamId('s_1'),
      at: new Date(1_700_000_000_123),
    };
    const name = serializeBitmapName(parts);
    expect(parseBitmapName(name)).toEqual({ ...parts, name });
  });

  it('is made of what libvirt allows in the name of a checkpoint', () => {
    const parts = { capture: captureId('a.b:c_d-e'), stream: streamId('x:.y'), at: new Date(5) };
    expect(serializeBitmapName(parts)).toBe('sendense.a_2eb_3ac_5fd-e.x_3a_2ey.5');
    expect(parseBitmapName(serializeBitmapName(parts))).toMatchObject(parts);
  });

  it.each([
    'backup-vda',
    'sendense.a.b',
    'sendense.a.b.c',
    'sendense..b.1',
    'sendense._2fetc.b.1',
    'sendense.a.b.01',
    'sendense._61.b.1',
    'x.a.b.1',
  ])('is not %s: somebody else made that', (name) => expect(parseBitmapName(name)).toBeUndefined());
});
