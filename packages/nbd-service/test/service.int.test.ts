import { mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectNbd } from '@sendense/blockio-nbd/client';
import { openLocalRepository } from '@sendense/repository-local';
import { seededBytes } from '@sendense/testkit';
import { nbdCopy, nbdInfo, qemuImg, qemuIo } from '@sendense/tests/nbd';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { callService, type NbdService } from '../src/index.ts';
import { makeWorld, type World } from './support/world.ts';

let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

const uriOf = (service: NbdService, name: string) =>
  service.exports.find((each) => each.name.includes(name))?.uri ?? `no export ${name}`;

async function copied(uri: string): Promise<Buffer> {
  const out = join(world.folder, 'copy.raw');
  await rm(out, { force: true });
  await nbdCopy(uri, out);
  return readFile(out);
}

describeWithPeers(['nbdinfo', 'nbdcopy', 'qemu-img', 'qemu-io'], 'the NBD service and its peers', () => {
  it('serves disks of points side by side with images, by names of points, and peers read them', async () => {
    await qemuImg(['create', '-f', 'qcow2', join(world.folder, 'plain.qcow2'), '4M']);
    await qemuIo([join(world.folder, 'plain.qcow2')], ['write -P 7 1M 64k']);
    await world.put('a.json', { point: world.point(world.full, 0) });
    await world.put('b.json', { point: world.point(world.incremental, 0) });
    await world.put('c.json', { point: world.point(world.incremental, 1), name: 'second' });
    await world.put('plain.json', { image: { path: join(world.folder, 'plain.qcow2') } });
    const service = await world.start();
    expect(service.exports.map(({ name }) => name)).toEqual([
      expect.stringMatching(/^backup-0f8fad5b-d9cb-46_[0-9a-f]{12}-disk0-full-20261004T120000$/),
      expect.stringMatching(/^backup-0f8fad5b-d9cb-46_[0-9a-f]{12}-disk0-incr-20261004T130000$/),
      'plain',
      'second',
    ]);
    expect(await nbdInfo(uriOf(service, 'disk0-incr'))).toMatchObject({
      exports: [{ 'export-size': world.disks.full[0]?.byteLength, is_read_only: true }],
    });
    expect((await copied(uriOf(service, 'disk0-full'))).equals(world.disks.full[0] ?? Buffer.alloc(0))).toBe(
      true,
    );
    expect(
      (await copied(uriOf(service, 'disk0-incr'))).equals(world.disks.incremental[0] ?? Buffer.alloc(0)),
    ).toBe(true);
    await qemuImg([
      'compare',
      '-f',
      'raw',
      '-F',
      'qcow2',
      uriOf(service, 'plain'),
      join(world.folder, 'plain.qcow2'),
    ]);
    await expect(qemuIo(['-f', 'raw', uriOf(service, 'second')], ['write -P 1 0 512'])).rejects.toThrow();
  });

  it('takes writes of a peer into an overlay, which a copy of the same point does not see and which goes with the export', async () => {
    await world.put('a.json', { point: world.point(world.full, 0), name: 'still' });
    await world.put('b.json', { point: world.point(world.full, 0), name: 'work', writable: true });
    const service = await world.start();
    await qemuIo(
      ['-f', 'raw', uriOf(service, 'work')],
      [
        'write -P 9 100k 300k',
        'write -z 1M 512k',
        'discard 2M 64k',
        'flush',
        'read -P 9 100k 300k',
        'read -P 0 1M 512k',
      ],
    );
    const expected = Buffer.from(world.disks.full[0] ?? []);
    expected.fill(9, 100 * 1024, 400 * 1024).fill(0, 1024 * 1024, 1536 * 1024);
    const found = await copied(uriOf(service, 'work'));
    // what was discarded is of no value
    for (const disk of [expected, found]) disk.fill(0, 2 * 1024 * 1024, 2 * 1024 * 1024 + 65_536);
    expect(found.equals(expected)).toBe(true);
    expect((await copied(uriOf(service, 'still'))).equals(world.disks.full[0] ?? Buffer.alloc(0))).toBe(true);
    expect(service.exports.find(({ name }) => name === 'work')?.overlayBytes).toBeGreaterThan(0);
    expect(await world.overlays()).toHaveLength(1);
    await rm(join(world.confDirectory, 'b.json'));
    expect(await service.reload()).toMatchObject({ removed: ['work'], added: [], failures: [] });
    expect(await world.overlays()).toEqual([]);
  });
});

it('adds and removes exports while clients of others read on, each with what it was promised', async () => {
  for (const disk of [0, 1])
    await world.put(`keep${disk}.json`, { point: world.point(world.full, disk), name: `keep${disk}` });
  const service = await world.start();
  const { address } = service;
  const ended = new AbortController();
  const readers = [0, 1, 0, 1].map(async (disk) => {
    await using client = await connectNbd({ address, export: `keep${disk}` });
    const expected = Buffer.from(world.disks.full[disk] ?? []);
    let rounds = 0;
    for (; rounds < 3 || !ended.signal.aborted; rounds += 1) {
      const found = new Uint8Array(256 * 1024);
      await client.read((rounds * 4096) % (expected.byteLength - found.byteLength), found);
      const start = (rounds * 4096) % (expected.byteLength - found.byteLength);
      expect(expected.subarray(start, start + found.byteLength).equals(found)).toBe(true);
    }
    return rounds;
  });
  for (let round = 0; round < 20; round += 1) {
    const file = `guest${round % 3}.json`;
    await world.put(file, {
      point: world.point(world.incremental, 0),
      name: `guest${round}`,
      writable: round % 2 === 0,
    });
    await world.put('bad.json', round % 2 === 0 ? '{"point":' : '{}');
    const report = await service.reload();
    expect(report.added).toEqual([`guest${round}`]);
    expect(report.failures.map((failure) => failure.file)).toEqual(['bad.json']);
    await using client = await connectNbd({ address, export: `guest${round}` });
    await client.read(0, new Uint8Array(4096));
  }
  ended.abort();
  for (const rounds of await Promise.all(readers)) expect(rounds).toBeGreaterThan(2);
});

it('names a file that is bad and serves the others; a bad change takes no export away', async () => {
  await world.put('good.json', { point: world.point(world.full, 0), name: 'good' });
  await world.put('json.json', '{"point": ');
  await world.put('field.json', { point: { ...world.point(world.full, 0), colour: 1 }, name: 'field' });
  await world.put('none.json', { name: 'none' });
  await world.put('two.json', { point: world.point(world.full, 0), device: { path: '/dev/null' } });
  await world.put('name.json', { point: world.point(world.full, 0), name: '../x' });
  await world.put('long.json', { point: world.point(world.full, 0), name: 'x'.repeat(64) });
  await world.put('same.json', { point: world.point(world.full, 1), name: 'good' });
  await world.put('gone.json', { point: { ...world.point(world.full, 0), id: 'p9' } });
  await world.put('disk.json', { point: world.point(world.full, 7) });
  await world.put('pipe.json', { device: { path: '/dev/null' } });
  await world.put('README', 'not looked at');
  const service = await world.start();
  expect(service.exports.map(({ name }) => name)).toEqual(['good']);
  const { failures, findings } = await service.reload();
  expect(Object.fromEntries(failures.map(({ file, error }) => [file, error.code]))).toEqual({
    'json.json': 'CONFIG_INVALID',
    'field.json': 'CONFIG_INVALID',
    'none.json': 'CONFIG_INVALID',
    'two.json': 'CONFIG_INVALID',
    'name.json': 'CONFIG_INVALID',
    'long.json': 'CONFIG_INVALID',
    'same.json': 'ALREADY_EXISTS',
    'gone.json': 'NOT_FOUND',
    'disk.json': 'NOT_FOUND',
    'pipe.json': 'PERMISSION_DENIED',
  });
  expect(findings.find(({ object }) => object === 'field.json')?.message).toContain('colour');
  await world.put('good.json', '{');
  expect((await service.reload()).exports.map(({ name }) => name)).toEqual(['good']);
});

it('opens nothing outside the allowed folders, by links and dots neither, and tells no more of what is there', async () => {
  const outside = await makeWorld();
  try {
    const secret = join(outside.folder, 'secret.raw');
    await writeFile(secret, new Uint8Array(4096));
    await symlink(secret, join(world.folder, 'link.raw'));
    await symlink(outside.folder, join(world.folder, 'away'));
    const paths = {
      plain: secret,
      dots: join(world.folder, '..', secret.split('/').at(-2) ?? '', 'secret.raw'),
      link: join(world.folder, 'link.raw'),
      folder: join(world.folder, 'away', 'secret.raw'),
      missing: join(outside.folder, 'missing.raw'),
    };
    for (const [file, path] of Object.entries(paths))
      await world.put(`${file}.json`, { image: { path, format: 'raw' } });
    await world.put('repository.json', {
      point: { ...world.point(world.full, 0), repository: join(world.folder, 'away', 'backups') },
    });
    await world.put('passphrase.json', { point: { ...world.point(world.full, 0), passphraseFile: secret } });
    const service = await world.start();
    const { exports, failures } = await service.reload();
    expect(exports).toEqual([]);
    expect(failures).toHaveLength(7);
    for (const { error } of failures) expect(error.code).toBe('PERMISSION_DENIED');
    const texts = failures.map(({ error }) => error.message.replace(/^\S+/, 'PATH'));
    expect(new Set(texts).size).toBe(1);
  } finally {
    await outside[Symbol.asyncDispose]();
  }
});

it('refuses files and folders that others may write', async () => {
  await world.put('a.json', { point: world.point(world.full, 0) });
  const service = await world.start();
  const { chmod } = await import('node:fs/promises');
  await world.put('b.json', { point: world.point(world.full, 1) });
  await chmod(join(world.confDirectory, 'b.json'), 0o666);
  expect((await service.reload()).failures).toMatchObject([
    { file: 'b.json', error: { code: 'PERMISSION_DENIED' } },
  ]);
  await chmod(world.confDirectory, 0o777);
  await expect(service.reload()).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  expect(service.exports).toHaveLength(1);
  await chmod(world.confDirectory, 0o700);
});

it('holds a point that it exports: a prune leaves its bytes', async () => {
  await world.put('a.json', { point: world.point(world.full, 0), name: 'held' });
  const service = await world.start();
  await using repository = await openLocalRepository({ path: world.repository });
  await repository.maintenance.delete(world.incremental).catch(() => undefined);
  await repository.maintenance.delete(world.full).catch(() => undefined);
  await using client = await connectNbd({ address: service.address, export: 'held' });
  const found = new Uint8Array(world.disks.full[0]?.byteLength ?? 0);
  await client.read(0, found);
  expect(Buffer.from(found).equals(world.disks.full[0] ?? Buffer.alloc(0))).toBe(true);
});

it("is asked by other processes at its socket, which is its owner's alone, and answers nonsense with an error", async () => {
  const directory = join(world.folder, 'service');
  await expect(callService(directory, 'list')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const service = await world.start();
  await world.put('a.json', { point: world.point(world.full, 0), name: 'a' });
  expect(await callService(directory, 'list')).toMatchObject({ exports: [] });
  expect(await callService(directory, 'reload')).toMatchObject({ added: ['a'], exports: [{ name: 'a' }] });
  for (const socket of ['nbd.sock', 'control.sock'])
    expect((await stat(join(directory, socket))).mode & 0o777).toBe(0o600);
  await world.put('b.json', '{');
  await service.reload();
  const { failures, findings } = await callService(directory, 'list');
  expect(failures).toMatchObject([{ file: 'b.json', error: { code: 'CONFIG_INVALID' } }]);
  expect(findings).toMatchObject([{ code: 'export-refused', object: 'b.json' }]);
  await expect(world.start()).rejects.toMatchObject({ code: 'LOCKED' });
  await service.stop();
  await expect(service.reload()).rejects.toMatchObject({ code: 'NOT_OPEN' });
  await expect(callService(directory, 'reload')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('ends by itself when asked to, once nothing is left to serve', async () => {
  await world.put('a.json', { point: world.point(world.full, 0), name: 'a' });
  const service = await world.start({ endWhenEmpty: true });
  const directory = join(world.folder, 'service');
  expect(await callService(directory, 'reload')).toMatchObject({ exports: [{ name: 'a' }] });
  await rm(join(world.confDirectory, 'a.json'));
  expect(await callService(directory, 'reload')).toMatchObject({ removed: ['a'], exports: [] });
  await service.ended;
  await expect(callService(directory, 'list')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('serves an image of a chain only where its parents may lie', async () => {
  const base = join(world.folder, 'disks', 'base.raw');
  await mkdir(join(world.folder, 'disks'));
  await writeFile(base, seededBytes(9, 1024 * 1024));
  const image = { path: base, format: 'raw' };
  await world.put('ok.json', { image });
  await world.put('bad.json', { image: { ...image, parents: ['/'] } });
  const service = await world.start();
  const { failures, exports } = await service.reload();
  expect(exports.map(({ name }) => name)).toEqual(['ok']);
  expect(failures).toMatchObject([{ file: 'bad.json', error: { code: 'PERMISSION_DENIED' } }]);
});
