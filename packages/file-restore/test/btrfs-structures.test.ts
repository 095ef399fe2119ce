import type { Finding } from '@sendense/core';
import { collect } from '@sendense/testkit';
import { expect, it } from 'vitest';
import { openBtrfs } from '../src/btrfs/open-btrfs.ts';
import type { FileSystemReader } from '../src/file-system-reader.ts';
import {
  BLOCK,
  DATA,
  type Made,
  METADATA,
  makeDevices,
  PROFILE,
  placesOf,
  ROOT,
  STRIPE,
  volumesOf,
} from './support/made-btrfs.ts';
import { noise } from './support/sample-tree.ts';

const ONE = [PROFILE.single, 1] as const;
const MIRRORED = [PROFILE.raid1, 2] as const;
const CONTENT = noise(2 * BLOCK, 'content');
const OLDER = noise(2 * BLOCK, 'older');

/** Opens the file system of some devices, at the first of them or another. */
function open(devices: readonly Uint8Array[], index = 0): Promise<FileSystemReader> {
  const volumes = volumesOf(devices);
  const source = volumes[index]?.source ?? expect.fail('no such device');
  return openBtrfs(source, undefined, volumes);
}

/** Bytes `[offset, offset + length)` of its file, all where nothing else is said. */
async function content(reader: FileSystemReader, offset = 0, length?: number): Promise<Buffer> {
  const entry = (await reader.lookup(reader.root, 'file')) ?? expect.fail('no file');
  const range = { offset, length: length ?? (await reader.stat(entry.node)).sizeBytes };
  const pieces = await collect(reader.read(entry.node, range));
  return Buffer.concat(pieces.map(({ bytes }) => bytes));
}

async function listed(reader: FileSystemReader): Promise<readonly Finding[]> {
  return (await reader.list(reader.root, { from: undefined, limit: 10 })).findings;
}

const messages = (findings: readonly Finding[]): string[] => findings.map(({ message }) => message);

/** Makes a block of metadata unsound, on one device. */
function damageBlock(device: Buffer | undefined, logical: number): void {
  device?.fill(
    0xa5,
    METADATA.at + logical - METADATA.logical + 200,
    METADATA.at + logical - METADATA.logical + 260,
  );
}

const mirrored = (changes: Partial<Made> = {}): Promise<Buffer[]> =>
  makeDevices({ metadata: MIRRORED, data: MIRRORED, content: CONTENT, ...changes });

it('A made file system is whole', async () => {
  const reader = await open(await makeDevices({ metadata: ONE, data: ONE, content: CONTENT }));
  expect(reader).toMatchObject({ kind: 'btrfs', label: 'made', findings: [] });
  expect(await content(reader)).toEqual(CONTENT);
});

it('Of two volumes that are one device the newer one is used, wherever it stands, which is told', async () => {
  const older = await mirrored({ content: OLDER, generation: 6, data: ONE, isUnchecked: true });
  const newer = await mirrored({ data: ONE, isUnchecked: true });
  for (const devices of [
    [older[0], newer[0], newer[1]],
    [newer[0], newer[1], older[0]],
  ]) {
    const all = devices.filter((device) => device !== undefined);
    const used = all.indexOf(newer[0] as Buffer);
    const reader = await open(all, used);
    expect(await content(reader)).toEqual(CONTENT);
    const unused = all.indexOf(older[0] as Buffer);
    expect(messages(reader.findings)).toEqual([
      `the btrfs file system: volume disk-${unused} is not used: another one is device 1 as well`,
    ]);
    await expect(open(all, unused)).rejects.toThrow(`shown at volume disk-${used}`);
  }
});

it('A device that is older than the rest is told, and read last: also what has no checksum is the newest', async () => {
  const older = await mirrored({ content: OLDER, generation: 6, isUnchecked: true });
  const newer = await mirrored({ isUnchecked: true });
  for (const [devices, stale] of [
    [[older[0], newer[1]], 0],
    [[newer[0], older[1]], 1],
  ] as const) {
    const reader = await open(devices.filter((device) => device !== undefined));
    expect(messages(reader.findings)).toEqual([
      `the btrfs file system: what volume disk-${stale} holds is older than the rest of it`,
    ]);
    expect(await content(reader)).toEqual(CONTENT);
    expect(await listed(reader)).toEqual([]);
  }
});

it('A disk from before another one was added to its file system is its older device, which is told', async () => {
  const before = await makeDevices({
    metadata: ONE,
    data: ONE,
    content: OLDER,
    generation: 6,
    isUnchecked: true,
  });
  const after = await mirrored({ isUnchecked: true });
  for (const [devices, stale] of [
    [[before[0], after[1]], 0],
    [[after[1], before[0]], 1],
  ] as const) {
    const all = devices.filter((device) => device !== undefined);
    const reader = await open(all);
    expect(messages(reader.findings)).toEqual([
      `the btrfs file system: what volume disk-${stale} holds is older than the rest of it`,
    ]);
    expect(await content(reader)).toEqual(CONTENT);
    await expect(open(all, 1)).rejects.toThrow('of 2 devices, which is shown at volume disk-0');
  }
});

it('Copies of the only disk of a file system are each one of their own', async () => {
  const made = { metadata: ONE, data: ONE };
  const [newer] = await makeDevices({ ...made, content: CONTENT });
  const [older] = await makeDevices({ ...made, content: OLDER, generation: 6 });
  const both = [newer, older].filter((device) => device !== undefined);
  for (const [index, bytes] of [CONTENT, OLDER].entries()) {
    const reader = await open(both, index);
    expect(reader.findings).toEqual([]);
    expect(await content(reader)).toEqual(bytes);
  }
});

it('A copy of metadata that is older than what names it is not used, which is told', async () => {
  const older = await mirrored({ content: OLDER, generation: 6 });
  const devices = await mirrored();
  const stale = older[0]?.subarray(METADATA.at, METADATA.at + METADATA.length) ?? [];
  devices[0]?.set(stale, METADATA.at);
  const reader = await open(devices);
  expect(messages(reader.findings)).toEqual([expect.stringContaining('damaged in their first copy')]);
  expect(await content(reader)).toEqual(CONTENT);
});

it('Data that were read from another copy are told with the next listing, once', async () => {
  const devices = await mirrored();
  devices[0]?.fill(0xa5, DATA.at + BLOCK, DATA.at + BLOCK + 1);
  const reader = await open(devices);
  expect(reader.findings).toEqual([]);
  expect(await content(reader)).toEqual(CONTENT);
  expect(messages(await listed(reader))).toEqual([expect.stringMatching(/^1 blocks .* first copy/u)]);
  expect(await listed(reader)).toEqual([]);
});

it('Where the root of the checksums is damaged that is told, and data are read', async () => {
  const devices = await makeDevices({ metadata: ONE, data: ONE, content: CONTENT });
  damageBlock(devices[0], ROOT.checksums);
  const reader = await open(devices);
  expect(messages(reader.findings)).toEqual([expect.stringContaining('data of files are not checked')]);
  expect(await content(reader)).toEqual(CONTENT);
});

it('A sector without a checksum is damage, unless its file says that it has none', async () => {
  const made = { metadata: ONE, data: ONE, content: CONTENT, checked: 1 };
  const reader = await open(await makeDevices(made));
  await expect(content(reader)).rejects.toMatchObject({
    code: 'CORRUPT',
    message: expect.stringContaining(`data of btrfs at ${DATA.logical + BLOCK} have no checksum`),
  });
  expect(await content(reader, 0, BLOCK)).toEqual(CONTENT.subarray(0, BLOCK));
  expect(await content(await open(await makeDevices({ ...made, isUnchecked: true })))).toEqual(CONTENT);
});

it.each([
  ['RAID10', PROFILE.raid10, 4],
  ['RAID0', PROFILE.raid0, 4],
  ['RAID1', PROFILE.raid1, 2],
])('Data by %s are read of each stripe that is still there', async (_title, profile, count) => {
  const large = noise(8 * STRIPE, 'large');
  for (const isUnchecked of [false, true]) {
    const data = [profile, count] as const;
    const all = await makeDevices({
      metadata: [PROFILE.raid1c4, 4],
      data,
      content: large,
      isUnchecked,
    });
    // of RAID10 each of the two copies lacks another column
    const lost = count === 4 ? [0, 3] : [0];
    const reader = await open(all.filter((_, index) => !lost.includes(index)));
    const isThere = (at: number): boolean => placesOf(data, at).some(([device]) => !lost.includes(device));
    const stripes = Array.from({ length: 8 }, (_, index) => index * STRIPE);
    for (const at of stripes)
      if (isThere(at)) expect(await content(reader, at, STRIPE)).toEqual(large.subarray(at, at + STRIPE));
      else await expect(content(reader, at, STRIPE)).rejects.toThrow('not among the disks');
    if (stripes.every(isThere)) expect(await content(reader)).toEqual(large);
    else await expect(content(reader)).rejects.toMatchObject({ code: 'CORRUPT' });
    expect(stripes.filter(isThere)).toHaveLength(profile === PROFILE.raid0 ? 4 : 8);
    expect(await listed(reader)).toEqual([]);
  }
});

it('Data that are spread in a way that is not read are told as the file system is opened', async () => {
  const devices = await makeDevices({
    metadata: [PROFILE.raid1c4, 4],
    data: [PROFILE.raid5, 4],
    content: CONTENT,
  });
  const reader = await open(devices);
  expect(reader.findings).toMatchObject([{ severity: 'warning', code: 'data-unread' }]);
  expect(messages(reader.findings)).toEqual([
    expect.stringContaining(`${DATA.length} bytes, are spread by RAID5`),
  ]);
  await expect(content(reader)).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
});

it('A name is found among others that have its hash', async () => {
  const devices = await makeDevices({ metadata: ONE, data: ONE, content: CONTENT, sameHash: 'other' });
  expect(await content(await open(devices))).toEqual(CONTENT);
});

it('Blocks of metadata may have a UUID of their own, which the superblock tells', async () => {
  const metadataUuid = Buffer.alloc(16, 0x77);
  const reader = await open(await makeDevices({ metadata: ONE, data: ONE, content: CONTENT, metadataUuid }));
  expect(reader.uuid).toBe('5b5b5b5b-5b5b-5b5b-5b5b-5b5b5b5b5b5b');
  expect(await content(reader)).toEqual(CONTENT);
});
