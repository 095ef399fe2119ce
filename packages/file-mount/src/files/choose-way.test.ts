import type { FileSystemReader, OpenVolume } from '@sendense/file-restore';
import { expect, it } from 'vitest';
import { chooseWay, wantsMount } from './choose-way.ts';

const ours = { kind: 'ext4' } as FileSystemReader;
const theirs = { kind: 'mounted' } as FileSystemReader;

function volumeWith(reader: FileSystemReader | undefined): OpenVolume {
  const lacks = { reason: '', missing: [{ way: 'in-process', why: 'it is not read' }] } as const;
  return {
    volume: {
      id: 'disk-0',
      kind: 'disk',
      sizeBytes: 1,
      label: '',
      fileSystem: 'ext4',
      access: reader === undefined ? null : 'in-process',
      fileSystemLabel: '',
    },
    reader,
    source: { sizeBytes: 1, read: () => Promise.resolve() },
    isDamaged: false,
    choice: reader === undefined ? lacks : { reason: 'it is read', missing: [] },
  };
}

it('A volume is mounted only where that is allowed, and nothing that is preferred reads it', () => {
  const [read, unread] = [volumeWith(ours), volumeWith(undefined)];
  expect(wantsMount(read, ['in-process', 'mounted'])).toBe(false);
  expect(wantsMount(unread, ['in-process', 'mounted'])).toBe(true);
  expect(wantsMount(read, ['mounted', 'in-process'])).toBe(true);
  expect(wantsMount(read, ['mounted'])).toBe(true);
  expect(wantsMount(unread, ['in-process'])).toBe(false);
});

it('The first way that has a reader is taken, and what those before it lack is told', () => {
  const mounted = { reader: theirs, driver: 'kernel' } as const;
  const second = chooseWay(volumeWith(undefined), ['in-process', 'mounted'], mounted);
  expect(second).toMatchObject({
    volume: { access: 'mounted' },
    choice: {
      reason: 'ext4 is mounted read-only, by the kernel',
      missing: [{ way: 'in-process', why: 'it is not read' }],
    },
  });
  expect(second.reader).toBe(theirs);
  const fallen = chooseWay(volumeWith(ours), ['mounted', 'in-process'], { why: 'no driver' });
  expect(fallen).toMatchObject({
    volume: { access: 'in-process' },
    choice: { reason: 'it is read', missing: [{ way: 'mounted', why: 'no driver' }] },
  });
  expect(fallen.reader).toBe(ours);
});

it('A volume that no allowed way reads has none, though another way would', () => {
  const none = chooseWay(volumeWith(ours), ['mounted'], { why: 'no driver' });
  expect(none).toMatchObject({
    volume: { access: null },
    choice: { missing: [{ way: 'mounted', why: 'no driver' }] },
  });
  expect(none.reader).toBeUndefined();
});
