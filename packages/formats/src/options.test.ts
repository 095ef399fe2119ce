import { describe, expect, it } from 'vitest';
import { IMAGE, sampleImage } from '../test/sample-image.ts';
import { createDiskImage } from './create-disk-image.ts';
import { openDiskImage } from './open-disk-image.ts';
import { openQcow2 } from './qcow2/open-qcow2.ts';
import { openRaw } from './raw/open-raw.ts';
import { openRawWriter } from './raw/open-raw-writer.ts';
import { readImageInfo } from './read-image-info.ts';

/** As JavaScript, or a configuration that nobody checked, would call them: with anything. */
type Untyped = (path: string, options: object) => Promise<unknown>;

const WRONG: readonly (readonly [name: string, open: unknown, options: object, field: string])[] = [
  ['openDiskImage', openDiskImage, { format: 'iso' }, 'format'],
  ['openDiskImage', openDiskImage, { parents: 'all' }, 'parents'],
  ['openQcow2', openQcow2, { parents: { folder: '/x' } }, 'parents'],
  ['openQcow2', openQcow2, { parents: { folders: [''] } }, 'parents'],
  ['openQcow2', openQcow2, { drivers: [{}] }, 'drivers'],
  ['openRaw', openRaw, { drivers: 'native' }, 'drivers'],
  ['openRaw', openRaw, { parents: 'none' }, 'parents'],
  ['openRawWriter', openRawWriter, { sizeBytes: 4096 }, 'sizeBytes'],
  ['readImageInfo', readImageInfo, { format: 7 }, 'format'],
  ['createDiskImage', createDiskImage, { format: 'iso', sizeBytes: 4096 }, 'format'],
  ['createDiskImage', createDiskImage, { sizeBytes: 4096 }, 'format'],
  ['createDiskImage', createDiskImage, { format: 'raw', sizeBytes: -1 }, 'sizeBytes'],
  ['createDiskImage', createDiskImage, { format: 'qcow2', sizeBytes: 4096.5 }, 'sizeBytes'],
  ['createDiskImage', createDiskImage, { format: 'raw', sizeBytes: 4096, size: 1 }, 'size'],
];

describe('an option that is wrong', () => {
  it.each(WRONG)('is named by %s before a file is touched (%#)', async (_, open, options, field) => {
    const fileSystem = await sampleImage();
    fileSystem.opened.length = 0;
    const refused = (open as Untyped)(IMAGE, { ...options, fileSystem });
    await expect(refused).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(field),
      remedy: expect.any(String),
    });
    expect(fileSystem.opened).toEqual([]);
  });
});
