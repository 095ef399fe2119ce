import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '@sendense/core';
import { seededBytes } from '@sendense/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  createRepository,
  openSendense,
  type PassphraseRequest,
  resolveRepository,
  type Sendense,
} from '../src/index.ts';

const MIB = 1 << 20;
let home = '';
let asked: PassphraseRequest[] = [];
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'sendense-objects-'));
  asked = [];
});
afterEach(() => rm(home, { recursive: true, force: true }));

const open = (trustedHeads = false): Promise<Sendense> =>
  openSendense({
    trustedHeads,
    stateDirectory: join(home, 'state'),
    workingDirectory: home,
    passphrase: (request) => {
      asked.push(request);
      return Promise.resolve(new Secret('a passphrase'));
    },
  });

const withPassphrase = (text: string) => ({
  workingDirectory: home,
  environment: { SENDENSE_PASSPHRASE: text },
});

it('backs up to a folder of objects and restores the same bytes, with a passphrase that is asked for once', async () => {
  const disk = seededBytes(7, 3 * MIB);
  await writeFile(join(home, 'disk.raw'), disk);
  await createRepository('dir:objects', withPassphrase('a passphrase'));
  await using sendense = await open();
  const repository = 'dir:objects';
  const { pointId, bytesStored } = await sendense.backup({ source: 'image:disk.raw', repository });
  expect(bytesStored).toBeGreaterThan(3 * MIB);
  const { verified } = await sendense.restore({ repository, point: pointId, target: 'image:again.raw' });
  expect(verified).toBe(true);
  expect(Buffer.compare(await readFile(join(home, 'again.raw')), disk)).toBe(0);
  expect(asked).toEqual([{ location: `dir:${home}/objects`, use: 'open' }]);
  const known = await sendense.catalog.repositories.list();
  expect(known).toMatchObject([{ kind: 'object', location: `dir:${home}/objects` }]);
});

it('never restores into the folder of the repository', async () => {
  await writeFile(join(home, 'disk.raw'), seededBytes(8, MIB));
  await using sendense = await open();
  const { pointId, findings } = await sendense.backup({
    source: 'image:disk.raw',
    repository: 'dir:objects',
  });
  expect(findings).toContainEqual(expect.objectContaining({ code: 'repository-created' }));
  await expect(
    sendense.restore({ repository: 'dir:objects', point: pointId, target: 'image:objects/again.raw' }),
  ).rejects.toMatchObject({ name: 'SendenseError' });
  expect(await readdir(join(home, 'objects'))).not.toContain('again.raw');
});

it('refuses a folder of objects that was put back to an earlier state, when it is to remember what it saw', async () => {
  await writeFile(join(home, 'disk.raw'), seededBytes(9, MIB));
  const [objects, aside] = [join(home, 'objects'), join(home, 'aside')];
  await using _ = (await createRepository('dir:objects', withPassphrase('a passphrase'))).repository;
  await cp(objects, aside, { recursive: true });
  const repository = 'dir:objects';
  {
    await using sendense = await open(true);
    await sendense.backup({ source: 'image:disk.raw', repository });
  }
  await rm(objects, { recursive: true });
  await cp(aside, objects, { recursive: true });
  await using forgetful = await open(false);
  expect(await forgetful.points({ repository })).toEqual([]);
  await using sendense = await open(true);
  await expect(sendense.points({ repository })).rejects.toMatchObject({
    code: 'CORRUPT',
    remedy: expect.stringContaining(join(home, 'state', 'trusted-heads')) as string,
  });
});

it('refuses a wrong passphrase, and none, without telling either', async () => {
  await using _ = (await createRepository('dir:objects', withPassphrase('a passphrase'))).repository;
  for (const text of ['hunter2', '']) {
    const opening = resolveRepository('dir:objects', withPassphrase(text));
    await expect(opening).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
    await expect(opening).rejects.toMatchObject({
      message: expect.not.stringContaining('hunter2') as string,
    });
  }
});

it('says by which name a folder of objects is to be called', async () => {
  await using _ = (await createRepository('dir:objects', withPassphrase('a passphrase'))).repository;
  await expect(resolveRepository('objects', withPassphrase('a passphrase'))).rejects.toMatchObject({
    code: 'NOT_FOUND',
    remedy: expect.stringContaining(`dir:${home}/objects`) as string,
  });
});

it('tells which setting of a service is wrong', async () => {
  const cases = [
    ['s3://bucket/a b', 'prefix'],
    ['s3://bucket?pathStyle=yes', 'pathStyle'],
    ['s3://bucket?storageClass=cold', 'storageClass'],
    ['azure://account/B', 'container'],
    ['azure://account/box?tier=Archive', 'tier'],
  ] as const;
  for (const [name, setting] of cases)
    await expect(resolveRepository(name, withPassphrase('a passphrase'))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(setting) as string,
    });
});
