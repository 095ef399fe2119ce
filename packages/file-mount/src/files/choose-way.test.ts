import type { FileSystemReader, OpenVolume } from '@sendense/file-restore';
import { expect, it } from 'vitest';
import { chooseWays, inProcessOffers, type VolumeOffer, type Way } from './choose-way.ts';

const ours = { kind: 'ext4' } as FileSystemReader;
const theirs = { kind: 'mounted' } as FileSystemReader;

function volumeWith(id: string, reader: FileSystemReader | undefined): OpenVolume {
  const lacks = { reason: '', missing: [{ way: 'in-process', why: 'it is not read' }] } as const;
  return {
    volume: {
      id,
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

const [read, unread] = [volumeWith('read', ours), volumeWith('unread', undefined)];
const inProcess: Way = {
  way: 'in-process',
  offersFor: (volumes) => Promise.resolve(inProcessOffers(volumes)),
};

/** A way that offers the same for all volumes, and which it was asked for. */
function mountedWay(offer: VolumeOffer): Way & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    way: 'mounted',
    asked,
    offersFor: (volumes) => {
      asked.push(...volumes.map(({ volume }) => volume.id));
      return Promise.resolve(new Map(asked.map((id) => [id, offer])));
    },
  };
}

it('A way is asked for the volumes that no way before it reads, and for no other', async () => {
  const mounted = mountedWay({ reader: theirs, reason: 'it is mounted' });
  const chosen = await chooseWays([read, unread], [inProcess, mounted]);
  expect(mounted.asked).toEqual(['unread']);
  expect(chosen.map(({ reader }) => reader)).toEqual([ours, theirs]);
  expect(chosen).toMatchObject([
    { volume: { access: 'in-process' }, choice: { reason: 'it is read', missing: [] } },
    {
      volume: { access: 'mounted' },
      choice: { reason: 'it is mounted', missing: [{ way: 'in-process', why: 'it is not read' }] },
    },
  ]);
});

it('A way that is preferred and lacks something gives its place to the next one, and what it lacks is told', async () => {
  const chosen = await chooseWays([read], [mountedWay({ why: 'no driver' }), inProcess]);
  expect(chosen).toMatchObject([
    {
      volume: { access: 'in-process' },
      choice: { reason: 'it is read', missing: [{ way: 'mounted', why: 'no driver' }] },
    },
  ]);
});

it('A volume that no allowed way reads has none, though another way would', async () => {
  const [none] = await chooseWays([read], [mountedWay({ why: 'no driver' })]);
  expect(none).toMatchObject({
    volume: { access: null },
    choice: { missing: [{ way: 'mounted', why: 'no driver' }] },
  });
  expect(none?.reader).toBeUndefined();
});

it('Where every volume is read nothing else is tried', async () => {
  const mounted = mountedWay({ why: 'no driver' });
  await chooseWays([read], [inProcess, mounted]);
  expect(mounted.asked).toEqual([]);
});
