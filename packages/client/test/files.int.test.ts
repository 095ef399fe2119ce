import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { seededBytes } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Fetch, SendenseClient } from '../src/index.ts';
import { CuttingProxy } from './support/cutting-proxy.ts';
import { clientOf, makeService, type Service } from './support/service.ts';

const MIB = 1024 * 1024;
const CONTENT = seededBytes(3, 12 * MIB);

let service: Service;
let url = '';
let direct: SendenseClient;
let mountId = '';
let backupId = '';

/** A backup of a machine whose disk is an ext4 file system, mounted. */
async function prepare(): Promise<void> {
  service = await makeService();
  const tree = join(service.folder, 'tree');
  await mkdir(join(tree, 'etc', 'many'), { recursive: true });
  await writeFile(join(tree, 'etc', 'content'), CONTENT);
  await writeFile(join(tree, 'etc', 'empty'), '');
  for (let index = 0; index < 7; index += 1) await writeFile(join(tree, 'etc', 'many', `${index}`), '');
  const env = { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
  const args = ['-q', '-F', '-t', 'ext4', '-O', 'extent,64bit', '-d', tree, service.disk, '32M'];
  execFileSync('mke2fs', args, { env, stdio: 'pipe' });
  ({ url } = await service.start());
  direct = clientOf({ url });
  const { job_id: job } = await direct.startBackup({ vm_name: 'web', repository: 'main' });
  backupId = (await direct.jobs.wait(job)).backup_id ?? '';
  mountId = (await direct.mountBackup({ backup_id: backupId })).mount_id;
}

const content = () => ({ mount_id: mountId, path: '/etc/content' });

/** The first bytes of a download, which is given up then. */
async function firstBytes(stream: ReadableStream<Uint8Array>): Promise<number> {
  for await (const piece of stream as AsyncIterable<Uint8Array>) return piece.length;
  return 0;
}

describeWithPeers(['ext4-tools'], 'files of a backup', () => {
  beforeEach(prepare);
  afterEach(() => service[Symbol.asyncDispose]());

  it('are listed page by page, each entry once', async () => {
    const folder = { mount_id: mountId, path: '/etc/many' };
    const names: string[] = [];
    for await (const entry of direct.files.entries({ ...folder, limit: 2 })) names.push(entry.name);
    expect(names.toSorted()).toEqual(['0', '1', '2', '3', '4', '5', '6']);
    expect((await direct.listFiles({ ...folder, limit: 2 })).entries).toHaveLength(2);
    const missing = direct.files.entries({ ...folder, path: '/etc/none' });
    await expect(missing.next()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('are downloaded whole and in parts', async () => {
    const { stream, sizeBytes } = await direct.files.download(content());
    expect(sizeBytes).toBe(CONTENT.length);
    expect((await buffer(stream)).equals(CONTENT)).toBe(true);
    const part = await direct.files.download(content(), { offset: 5, length: 70_000 });
    expect((await buffer(part.stream)).equals(CONTENT.subarray(5, 70_005))).toBe(true);
    const last = await direct.files.download(content(), { offset: CONTENT.length - 3, length: 99 });
    expect((await buffer(last.stream)).equals(CONTENT.subarray(-3))).toBe(true);
    const empty = await direct.files.download({ mount_id: mountId, path: '/etc/empty' });
    expect([empty.sizeBytes, await buffer(empty.stream)]).toEqual([0, Buffer.alloc(0)]);
    const behind = direct.files.download(content(), { offset: CONTENT.length });
    await expect(behind).rejects.toMatchObject({ code: 'RANGE_INVALID' });
  });

  it('are downloaded over connections that break off, each of which goes on where the one before ended', async () => {
    await using proxy = new CuttingProxy(url);
    const client = clientOf({ url: await proxy.listen() });
    proxy.cuts.push(1_500_000, 3 * MIB, 700, 5 * MIB);
    const { stream } = await client.files.download(content());
    expect((await buffer(stream)).equals(CONTENT)).toBe(true);
    expect(proxy.connections).toBe(5);
    // what lay in buffers when a connection broke was carried in vain
    expect(proxy.carried - CONTENT.length).toBeLessThan(4 * 512 * 1024);
  });

  it('go on in another mount of the same backup, and never with the bytes of another file', async () => {
    const { etag, stream } = await direct.files.download(content());
    const offset = await firstBytes(stream);
    await direct.unmountBackup({ mount_id: mountId });
    await expect(direct.files.download(content(), { offset })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    mountId = (await direct.mountBackup({ backup_id: backupId })).mount_id;
    const tag = { etag: etag ?? '' };
    const rest = await direct.files.download(content(), { offset, ...tag });
    expect((await buffer(rest.stream)).equals(CONTENT.subarray(offset))).toBe(true);
    const other = { mount_id: mountId, path: '/etc/many/0' };
    await expect(direct.files.download(other, { offset: 1, ...tag })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });

  it('come as archives, which break off loudly', async () => {
    const etc = { mount_id: mountId, path: '/etc' };
    const { stream, sizeBytes } = await direct.files.archive(etc);
    expect(sizeBytes).toBeNull();
    const names = execFileSync('tar', ['-tf', '-'], { input: await buffer(stream) }).toString();
    expect(names.split('\n')).toContain('etc/content');
    const zip = await direct.downloadFile({ ...etc, format: 'zip' });
    expect((await buffer(zip.stream)).subarray(0, 2).toString()).toBe('PK');
    await using proxy = new CuttingProxy(url);
    const client = clientOf({ url: await proxy.listen() });
    proxy.cuts.push(2 * MIB);
    const broken = await client.files.archive(etc);
    await expect(buffer(broken.stream)).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect(proxy.connections).toBe(1);
    expect(await direct.unmountBackup({ mount_id: mountId })).toEqual({ mount_id: mountId, findings: [] });
  });

  it.each(['tar', 'zip'] as const)(
    'come as a whole %s archive, or not: also where a proxy ends a cut one well',
    async (format) => {
      const etc = { mount_id: mountId, path: '/etc', format };
      const whole = await buffer((await direct.files.archive(etc)).stream);
      /** How many bytes come when those behind `length` do not. */
      const taken = async (length: number): Promise<number> => {
        const cutting: Fetch = async (to, init) => {
          const { status, headers, body } = await fetch(to, init);
          await body?.cancel();
          return new Response(whole.subarray(0, length), { status, headers });
        };
        const { stream } = await clientOf({ url }, { fetch: cutting }).files.archive(etc);
        return (await buffer(stream)).length;
      };
      for (const length of [0, 512, 4 * MIB, whole.length - 512, whole.length - 1])
        await expect(taken(length), `${length}`).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
      expect(await taken(whole.length)).toBe(whole.length);
    },
  );

  it('end when the reader gives up, and when the call is aborted', async () => {
    await using proxy = new CuttingProxy(url);
    const client = clientOf({ url: await proxy.listen() });
    const unread = await client.files.download(content());
    await unread.stream.cancel();
    const stop = new AbortController();
    const { stream } = await client.files.download(content(), { signal: stop.signal });
    stop.abort();
    await expect(buffer(stream)).rejects.toMatchObject({ code: 'ABORTED' });
    await expect.poll(() => proxy.open).toBe(0);
    expect(proxy.carried).toBeLessThan(2 * CONTENT.length);
  });
});
