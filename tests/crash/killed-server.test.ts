import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { reconcileMounts } from '@sendense/file-mount';
import { createDirectoryStore, createObjectRepository } from '@sendense/object-repository';
import { seededBytes } from '@sendense/testkit';
import { describeUnless, describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findWay } from '../../packages/file-mount/src/volumes/find-way.ts';
import { run } from '../../packages/file-mount/test/support/program.ts';
import { devicesAt, isAttached, restsOf } from '../../packages/file-mount/test/support/rests.ts';
import { testKey } from '../../packages/object-repository/test/keys.ts';
import { ask, follow, parseEvents } from '../../packages/server/test/support/client.ts';
import { type Moment, stoppingProgram } from './killed-server-moment.ts';

const MIB = 1024 * 1024;
const DISK_BYTES = 24 * MIB;
/** So slow that a job never ends before the server is killed. */
const SLOW = String(2 * MIB);
const PROGRAM = path.join(import.meta.dirname, 'killed-server-process.ts');

let folder = '';
let content: Uint8Array;
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), 'sendense-killed-server-')));
  content = seededBytes(7, DISK_BYTES);
  await writeFile(path.join(folder, 'disk.raw'), content);
  const store = createDirectoryStore({ path: path.join(folder, 'objects') });
  await (await createObjectRepository({ store, key: testKey, chunkBytes: 64 * 1024 }))[Symbol.asyncDispose]();
});
afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
  await reconcileMounts(path.join(folder, 'server', 'mounts'));
  await rm(folder, { recursive: true });
});

/** A server in a process of its own, once it listens. */
async function serve(
  rate = '',
  PATH = process.env.PATH,
): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const flags = ['--conditions=@sendense/source', '--disable-warning=ExperimentalWarning', PROGRAM];
  const child = spawn(process.execPath, [...flags, folder, rate], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, PATH },
  });
  children.push(child);
  for await (const url of createInterface({ input: child.stdout })) return { child, url };
  throw new Error('the server ended before it served');
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'close');
}

/** Ends a server as a person would. */
async function stop(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  expect(await closed).toEqual([0, null]);
}

/** Reads the events of a job until it has done more than `bytes`. */
async function untilDone(url: string, job: string, bytes: number): Promise<void> {
  const response = await fetch(`${url}/api/v1/jobs/${job}/events`);
  const decoder = new TextDecoder();
  for await (const piece of response.body ?? [])
    for (const { event, data } of parseEvents(decoder.decode(piece)))
      if (event === 'progress' && (data as { done_bytes: number }).done_bytes > bytes) return;
  throw new Error('the job ended before it could be killed');
}

it('goes on with a backup after SIGKILL: one point, bit-equal, sent but once, and nothing is locked', async () => {
  const before = await serve(SLOW);
  const order = { body: { vm_name: 'web', repository: 'main' } };
  const { body: job } = await ask(before, 'POST', '/api/v1/backup/start', order);
  await untilDone(before.url, job.job_id, 6 * MIB);
  await kill(before.child);

  const after = await serve();
  const events = await follow(after, job.job_id);
  const ended = (await ask(after, 'GET', `/api/v1/jobs/${job.job_id}`)).body;
  expect(ended).toMatchObject({ state: 'completed', attempt: 2, result: { backup_type: 'full' } });
  const findings = events.filter(({ event }) => event === 'finding').map(({ data }) => data);
  expect(findings).toContainEqual(expect.objectContaining({ code: 'point-resumed' }));
  expect(ended.result.bytes_read).toBeLessThan(DISK_BYTES);
  const list = (await ask(after, 'GET', '/api/v1/backup/list')).body.backups;
  expect(list).toMatchObject([{ backup_id: ended.backup_id }]);

  const restore = { body: { backup_id: ended.backup_id, target: 'lab' } };
  const { body: restoring } = await ask(after, 'POST', '/api/v1/restore/start', restore);
  await follow(after, restoring.job_id);
  expect(Buffer.compare(await readFile(path.join(folder, 'restored.raw')), content)).toBe(0);
  expect((await ask(after, 'DELETE', `/api/v1/backup/${ended.backup_id}`)).status).toBe(200);
});

it('goes on with a restore after SIGKILL, and verifies all of it', async () => {
  const first = await serve();
  const order = { body: { vm_name: 'web', repository: 'main' } };
  const { body: backup } = await ask(first, 'POST', '/api/v1/backup/start', order);
  await follow(first, backup.job_id);
  const { backup_id } = (await ask(first, 'GET', `/api/v1/jobs/${backup.job_id}`)).body;
  await kill(first.child);

  const before = await serve(SLOW);
  const { body: job } = await ask(before, 'POST', '/api/v1/restore/start', {
    body: { backup_id, target: 'lab' },
  });
  await untilDone(before.url, job.job_id, 4 * MIB);
  await kill(before.child);

  const after = await serve();
  await follow(after, job.job_id);
  expect((await ask(after, 'GET', `/api/v1/jobs/${job.job_id}`)).body).toMatchObject({
    state: 'completed',
    attempt: 2,
    result: { verified: true },
  });
  expect(Buffer.compare(await readFile(path.join(folder, 'restored.raw')), content)).toBe(0);
});

/** The disk of the machine becomes an ext4 file system with one file. */
async function giveFileSystem(name: string, bytes: Uint8Array): Promise<void> {
  const tree = path.join(folder, 'tree');
  await mkdir(tree);
  await writeFile(path.join(tree, name), bytes);
  const env = { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
  const image = path.join(folder, 'disk.raw');
  await rm(image);
  execFileSync('mke2fs', ['-q', '-F', '-t', 'ext4', '-d', tree, image, '64M'], { env, stdio: 'pipe' });
}

/** Backs the machine up; the id of the backup. */
async function backUp(server: { readonly url: string }): Promise<string> {
  const order = { body: { vm_name: 'web', repository: 'main' } };
  const { body: backup } = await ask(server, 'POST', '/api/v1/backup/start', order);
  await follow(server, backup.job_id);
  return (await ask(server, 'GET', `/api/v1/jobs/${backup.job_id}`)).body.backup_id as string;
}

/** Opens a backup to download of it. */
async function browse(server: { readonly url: string }, backup_id: string): Promise<string> {
  return (await ask(server, 'POST', '/api/v1/restore/mount', { body: { backup_id } })).body
    .mount_id as string;
}

/** Takes what comes of an answer, and kills its server with the first piece: the answer is broken off. What had come. */
async function killWithin(answer: Response, child: ChildProcess): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  const take = async (): Promise<void> => {
    for await (const piece of answer.body ?? []) {
      pieces.push(piece);
      if (pieces.length === 1) await kill(child);
    }
  };
  await expect(take()).rejects.toThrow();
  return Buffer.concat(pieces);
}

describeWithPeers(['ext4-tools'], 'a download', () => {
  it('that SIGKILL broke off is gone on with at the next server, and has locked nothing', async () => {
    const large = seededBytes(9, 40 * MIB);
    await giveFileSystem('large', large);
    const before = await serve();
    const backup_id = await backUp(before);
    const download = 'download?path=/large';
    const first = await fetch(`${before.url}/api/v1/restore/${await browse(before, backup_id)}/${download}`);
    const got = await killWithin(first, before.child);
    expect(got.byteLength).toBeLessThan(large.byteLength);

    const after = await serve();
    const headers = { range: `bytes=${got.byteLength}-`, 'if-range': first.headers.get('etag') ?? '' };
    const rest = await fetch(`${after.url}/api/v1/restore/${await browse(after, backup_id)}/${download}`, {
      headers,
    });
    expect(rest.status).toBe(206);
    const whole = Buffer.concat([got, Buffer.from(await rest.arrayBuffer())]);
    expect(Buffer.compare(whole, large)).toBe(0);
    expect((await ask(after, 'DELETE', `/api/v1/backup/${backup_id}`)).status).toBe(200);
  });

  it.each(['tar', 'zip'])(
    'of a folder as %s that SIGKILL broke off never looks whole; the next server sends all of it, and nothing is locked',
    async (format) => {
      await giveFileSystem('large', seededBytes(9, 40 * MIB));
      const before = await serve();
      const backup_id = await backUp(before);
      const archive = async (server: { readonly url: string }): Promise<Response> =>
        fetch(
          `${server.url}/api/v1/restore/${await browse(server, backup_id)}/download?path=/&format=${format}`,
        );
      const whole = Buffer.from(await (await archive(before)).arrayBuffer());
      expect(whole.byteLength).toBeGreaterThan(40 * MIB);
      const got = await killWithin(await archive(before), before.child);
      expect(got.byteLength).toBeLessThan(whole.byteLength);
      expect(whole.subarray(0, got.byteLength).equals(got)).toBe(true);

      const after = await serve();
      expect(Buffer.from(await (await archive(after)).arrayBuffer()).equals(whole)).toBe(true);
      expect((await ask(after, 'DELETE', `/api/v1/backup/${backup_id}`)).status).toBe(200);
    },
  );
});

const MOUNTING = ['loop-mounts', 'qemu-storage-daemon', 'fuse'];

const mounts = () => path.join(folder, 'server', 'mounts');

/** Asserts that the next server takes all away, and mounts the same. */
async function expectGone(body: { readonly backup_id: string }): Promise<void> {
  const after = await serve();
  expect(restsOf(mounts())).toEqual([]);
  expect(await readdir(mounts())).toEqual([]);
  expect((await ask(after, 'POST', '/api/v1/restore/mount', { body })).status).toBe(200);
  await stop(after.child);
  expect(restsOf(folder)).toEqual([]);
}

/** Kills a server while a program that it starts to mount the backup has stopped, lets that go on, and starts the next server. */
async function expectGoneAfterKill(program: string, moment: Moment): Promise<void> {
  const stopping = await stoppingProgram(path.join(folder, 'programs'), program, moment);
  const before = await serve('', stopping.PATH);
  const body = { backup_id: await backUp(before), mode: 'mount', trust_image: true };
  const mounting = ask(before, 'POST', '/api/v1/restore/mount', { body }).catch(() => undefined);
  await stopping.stopped();
  await kill(before.child);
  await mounting;
  const audit = await readFile(path.join(folder, 'server', 'audit', 'audit.jsonl'), 'utf8');
  const { event, subject } = JSON.parse(audit.trim().split('\n').at(-1) ?? '');
  expect([event, subject]).toEqual(['asked', { backup: body.backup_id, mode: 'mount', trustImage: true }]);
  // it outlives the server, and does what is left of its work
  await stopping.goOn();
  expect(restsOf(mounts())).not.toEqual([]);
  await expectGone(body);
}

const MOMENTS: readonly Moment[] = ['before', 'after'];

describeWithPeers(['ext4-tools', ...MOUNTING], 'a mounted backup', () => {
  it('that SIGKILL left is gone with the next start, which mounts the same backup again and locks nothing', async () => {
    const file = seededBytes(11, MIB);
    await giveFileSystem('file', file);
    const before = await serve();
    const backup_id = await backUp(before);
    const body = { backup_id, mode: 'mount', trust_image: true };
    const mount = async (server: { readonly url: string }): Promise<string> =>
      (await ask(server, 'POST', '/api/v1/restore/mount', { body })).body.mount_path as string;
    const left = await mount(before);
    expect((await readFile(path.join(left, 'file'))).equals(file)).toBe(true);
    const devices = devicesAt([left]);
    expect(devices).toHaveLength(1);
    await kill(before.child);
    expect(restsOf(path.dirname(left))).not.toEqual([]);

    const after = await serve();
    expect(restsOf(path.dirname(left))).toEqual([]);
    expect(devices.filter(isAttached)).toEqual([]);
    await expect(stat(path.dirname(left))).rejects.toMatchObject({ code: 'ENOENT' });
    expect((await ask(after, 'GET', '/api/v1/restore/mount')).body).toEqual({ mounts: [] });
    const again = await mount(after);
    expect((await readFile(path.join(again, 'file'))).equals(file)).toBe(true);
    await stop(after.child);
    expect(restsOf(folder)).toEqual([]);
    const last = await serve();
    expect((await ask(last, 'DELETE', `/api/v1/backup/${backup_id}`)).status).toBe(200);
  });

  it('that SIGKILL cut short when its first program starts leaves nothing either', async () => {
    await giveFileSystem('file', seededBytes(11, MIB));
    const before = await serve();
    const body = { backup_id: await backUp(before), mode: 'mount', trust_image: true };
    const mounting = ask(before, 'POST', '/api/v1/restore/mount', { body }).catch(() => undefined);
    await expect.poll(() => restsOf(mounts()), { interval: 5, timeout: 60_000 }).not.toEqual([]);
    await kill(before.child);
    await mounting;
    await expectGone(body);
  });

  it.each(MOMENTS)('that SIGKILL cut short %s the work of mount leaves nothing either', async (moment) => {
    await giveFileSystem('file', seededBytes(11, MIB));
    await expectGoneAfterKill('mount', moment);
  });

  it.each(MOMENTS)('whose end SIGKILL cut short %s the work of umount is gone too', async (moment) => {
    await giveFileSystem('file', seededBytes(11, MIB));
    const stopping = await stoppingProgram(path.join(folder, 'programs'), 'umount', moment);
    const before = await serve('', stopping.PATH);
    const body = { backup_id: await backUp(before), mode: 'mount', trust_image: true };
    const { mount_id: id } = (await ask(before, 'POST', '/api/v1/restore/mount', { body })).body;
    const ending = ask(before, 'DELETE', `/api/v1/restore/${id}`).catch(() => undefined);
    await stopping.stopped();
    await kill(before.child);
    await ending;
    await stopping.goOn();
    await expectGone(body);
  });
});

const { way: exfatWay } = await findWay('exfat');

describeUnless(
  exfatWay?.driver === 'kernel' ? 'the kernel reads exFAT here, which needs no losetup' : null,
  'a mounted backup of a file system that a program shows',
  () => {
    describeWithPeers(['exfat-tools', ...MOUNTING], 'a device', () => {
      it.each(MOMENTS)(
        'that SIGKILL cut short %s the work of losetup leaves nothing either',
        async (moment) => {
          run('mkfs.exfat', [path.join(folder, 'disk.raw')]);
          await expectGoneAfterKill('losetup', moment);
        },
      );
    });
  },
);
