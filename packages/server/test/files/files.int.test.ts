import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONTENT, type FilesServer, HOSTILE_NAME, LARGE, startFilesServer, TEXT } from './files-server.ts';

let server: FilesServer;
let mount = '';

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const bytesOf = async (reply: Response): Promise<Buffer> => Buffer.from(await reply.arrayBuffer());
const codeOf = async (reply: Response): Promise<string> =>
  ((await reply.json()) as { error: { code: string } }).error.code;
const download = (path: string, more = '', headers: Record<string, string> = {}): Promise<Response> =>
  server.request('web', `${mount}/download?path=${encodeURIComponent(path)}${more}`, { headers });

describeWithPeers(['ext4-tools', 'zip-tools'], 'the files of a backup over HTTP', () => {
  beforeAll(async () => {
    server = await startFilesServer();
    mount = await server.mount('web');
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('are opened with what is known of the volumes; nothing is mounted', async () => {
    const json = { backup_id: server.backups.web, mode: 'browse' };
    const reply = await server.request('web', 'mount', { json });
    expect(reply.status).toBe(200);
    const body = (await reply.json()) as { mount_id: string };
    expect(body).toMatchObject({
      mount_path: null,
      backup_id: server.backups.web,
      volumes: [{ id: 'disk-0', file_system: 'ext4', readable: true }],
      findings: [],
    });
    const ended = await server.request('web', body.mount_id, { method: 'DELETE' });
    expect(await ended.json()).toEqual({ mount_id: body.mount_id, findings: [] });
    expect((await server.request('web', `${body.mount_id}/files`)).status).toBe(404);
  });

  it('are no folder of the server where that is not enabled, which is said', async () => {
    const reply = await server.request('web', 'mount', {
      json: { backup_id: server.backups.web, mode: 'mount', trust_image: true },
    });
    expect(reply.status).toBe(501);
    expect(await codeOf(reply)).toBe('UNSUPPORTED');
  });

  it('are listed page by page with type, size, mode, owner and time', async () => {
    const entries: { name: string }[] = [];
    let after = '';
    for (let pages = 0; ; pages += 1) {
      const reply = await server.request('web', `${mount}/files?path=/etc&limit=2${after}`);
      const page = (await reply.json()) as {
        entries: { name: string }[];
        next: string | null;
        volume: string;
      };
      expect(page.volume).toBe('disk-0');
      expect(page.entries.length).toBeLessThanOrEqual(2);
      entries.push(...page.entries);
      if (page.next === null) break;
      after = `&after=${encodeURIComponent(page.next)}`;
      expect(pages).toBeLessThan(10);
    }
    expect(entries.map(({ name }) => name).sort()).toEqual(
      ['absolute', 'climbing', 'deep', 'm\udcfcll', 'name', 'outside', 'passwd', HOSTILE_NAME].sort(),
    );
    expect(entries.find(({ name }) => name === 'passwd')).toEqual({
      name: 'passwd',
      type: 'file',
      size_bytes: TEXT.length,
      mode: '0640',
      uid: expect.any(Number) as number,
      gid: expect.any(Number) as number,
      mtime: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/u) as string,
      links: 1,
    });
  });

  it('are looked for by as long a path as there may be, in whatever letters', async () => {
    const path = `/${'語'.repeat(4095)}`;
    const reply = await server.request('web', `${mount}/files?path=${encodeURIComponent(path)}`);
    expect([reply.status, await codeOf(reply)]).toEqual([404, 'NOT_FOUND']);
  });

  it('come as they are, with their length, as something to save', async () => {
    const reply = await download('/etc/deep/content');
    expect(reply.status).toBe(200);
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      'content-length': String(CONTENT.byteLength),
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="content"; filename*=UTF-8''content`,
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
    });
    expect(digest(await bytesOf(reply))).toBe(digest(CONTENT));
  });

  it.each([
    ['bytes=0-0', 0, 1],
    ['bytes=70000-90000', 70_000, 20_001],
    ['bytes=1499990-', 1_499_990, 10],
    ['bytes=-10', 1_499_990, 10],
    ['bytes=1499990-99999999999999999999', 1_499_990, 10],
  ])('come in parts: %s', async (range, offset, length) => {
    const reply = await download('/etc/deep/content', '', { range });
    expect(reply.status).toBe(206);
    expect(reply.headers.get('content-range')).toBe(
      `bytes ${offset}-${offset + length - 1}/${CONTENT.byteLength}`,
    );
    expect(reply.headers.get('content-length')).toBe(String(length));
    expect(digest(await bytesOf(reply))).toBe(digest(CONTENT.subarray(offset, offset + length)));
  });

  it('refuse a part behind their end, and send the whole of another version', async () => {
    const behind = await download('/etc/passwd', '', { range: 'bytes=21-' });
    expect([behind.status, behind.headers.get('content-range')]).toEqual([416, `bytes */${TEXT.length}`]);
    expect(await codeOf(behind)).toBe('RANGE_INVALID');
    const tag = (await download('/etc/passwd')).headers.get('etag') ?? '';
    const same = await download('/etc/passwd', '', { range: 'bytes=2-5', 'if-range': tag });
    expect([same.status, await same.text()]).toEqual([206, TEXT.slice(2, 6)]);
    const other = await download('/etc/passwd', '', { range: 'bytes=2-5', 'if-range': '"other"' });
    expect([other.status, await other.text()]).toEqual([200, TEXT]);
  });

  it('come as archives that others unpack', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sendense-download-'));
    try {
      const [tar, zip] = [join(folder, 'etc.tar'), join(folder, 'etc.zip')];
      await writeFile(tar, await bytesOf(await download('/etc')));
      const reply = await download('/etc', '&format=zip');
      expect(reply.headers.get('content-disposition')).toContain('filename="etc.zip"');
      await writeFile(zip, await bytesOf(reply));
      execFileSync('tar', ['-xf', tar, '-C', folder, 'etc/deep/content'], { stdio: 'pipe' });
      expect(digest(await readFile(join(folder, 'etc/deep/content')))).toBe(digest(CONTENT));
      execFileSync('tar', ['-xf', tar, '-C', folder, '--wildcards', 'etc/m?ll'], {
        stdio: 'pipe',
        env: { ...process.env, LC_ALL: 'C' },
      });
      expect(await readFile(Buffer.from(`${folder}/etc/m\xfcll`, 'latin1'), 'utf8')).toBe(TEXT);
      execFileSync('unzip', ['-q', zip, 'etc/deep/content', '-d', join(folder, 'zip')], { stdio: 'pipe' });
      expect(digest(await readFile(join(folder, 'zip/etc/deep/content')))).toBe(digest(CONTENT));
      await writeFile(tar, await bytesOf(await download('/etc/passwd', '&format=tar')));
      expect(execFileSync('tar', ['-tvf', tar], { encoding: 'utf8' })).toMatch(/^-rw-r----- .* passwd\n$/u);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('tell at the end what an archive had to change', async () => {
    const own = await server.mount('web');
    await bytesOf(await server.request('web', `${own}/download?path=/etc&format=zip`));
    const ended = await server.request('web', own, { method: 'DELETE' });
    expect(await ended.json()).toMatchObject({
      findings: [{ severity: 'warning', code: 'name-changed', object: `etc/${HOSTILE_NAME}` }],
    });
  });

  describe('with hostile paths and names', () => {
    it.each([
      '/../../../../etc/passwd',
      '/etc/../../etc/passwd',
      '/etc/absolute',
      '/etc/climbing',
      'disk-0/etc/passwd',
    ])('%s is a file of the backup, never one of the server', async (path) => {
      expect(await (await download(path)).text()).toBe(TEXT);
    });

    it.each([
      '/etc/outside',
      '/etc/outside/x',
      '/etc/passwd\0',
      '/etc/passwd/x',
      '/proc/self/environ',
      '/%2e%2e/x',
    ])('%j is not there', async (path) => {
      const reply = await download(path);
      expect([reply.status, await codeOf(reply)]).toEqual([404, 'NOT_FOUND']);
    });

    it('no name can end a header or become another one', async () => {
      const reply = await download(`/etc/${HOSTILE_NAME}`);
      expect(await reply.text()).toBe(TEXT);
      expect(reply.headers.get('x')).toBeNull();
      expect(reply.headers.get('content-disposition')).toBe(
        `attachment; filename="a_b__X: 1___41.txt"; filename*=UTF-8''a%22b__X%3A%201_%C3%A9%2541.txt`,
      );
    });

    it.each(['..%2f..%2fetc', '%00', 'x'.repeat(500)])('a mount named %s is none', async (id) => {
      expect([400, 404]).toContain((await server.request('web', `${id}/files`)).status);
    });

    it.each([
      'path=',
      'path=/etc&limit=0',
      'path=/etc&limit=100000',
      'path=/etc&after=nonsense',
      'path=/etc&more=1',
    ])('a list by %s is refused', async (query) => {
      const reply = await server.request('web', `${mount}/files?${query}`);
      expect([reply.status, await codeOf(reply)]).toEqual([400, 'CONFIG_INVALID']);
    });
  });

  describe('of another tenant', () => {
    it('are not there: neither the backup nor a mount of it', async () => {
      const foreign = await server.request('db', 'mount', { json: { backup_id: server.backups.web } });
      expect([foreign.status, await codeOf(foreign)]).toEqual([404, 'NOT_FOUND']);
      const unknown = await server.request('db', '00000000-0000-4000-8000-000000000000/files');
      const told = await unknown.text();
      const ofAll = await server.mount('all', 'web');
      // a tenant may open the same backup, and has no part in a mount of others
      for (const [who, id] of [
        ['db', mount],
        ['web', ofAll],
      ] as const) {
        for (const path of [`${id}/files`, `${id}/download?path=/etc/passwd`]) {
          const reply = await server.request(who, path);
          expect([reply.status, await reply.text()]).toEqual([404, told]);
        }
        expect((await server.request(who, id, { method: 'DELETE' })).status).toBe(404);
      }
      expect((await server.request('web', `${mount}/files`)).status).toBe(200);
      expect((await server.request('all', `${mount}/files`)).status).toBe(200);
    });

    it('are refused to a viewer, and to nobody in particular', async () => {
      expect((await server.request('viewer', `${mount}/files`)).status).toBe(403);
      const url = `${server.server.url}/api/v1/restore/${mount}/download?path=/etc/passwd`;
      expect((await fetch(url)).status).toBe(401);
    });

    it('find a place beside those of one that opens all it may', async () => {
      const opened: string[] = [];
      for (let count = 0; count < 16; count += 1) opened.push(await server.mount('db', 'db'));
      const more = await server.request('db', 'mount', { json: { backup_id: server.backups.db } });
      expect([more.status, await codeOf(more)]).toEqual([429, 'QUOTA_EXCEEDED']);
      expect(await server.mount('web')).toMatch(/./u);
      for (const id of opened)
        expect((await server.request('db', id, { method: 'DELETE' })).status).toBe(200);
      expect(await server.mount('db', 'db')).toMatch(/./u);
    });
  });

  it('are never ended well when their reading fails', async () => {
    for (const query of ['path=/large', 'path=/&format=tar', 'path=/&format=zip', 'path=/large&format=zip']) {
      const own = await server.mount('web');
      const reply = await server.request('web', `${own}/download?${query}`);
      expect(reply.status).toBe(200);
      server.disks.fail = true;
      try {
        await expect(bytesOf(reply), query).rejects.toThrow();
      } finally {
        server.disks.fail = false;
      }
      await server.request('web', own, { method: 'DELETE' });
    }
    expect((await download('/etc/passwd')).status).toBe(200);
  });
});

describeWithPeers(['ext4-tools'], 'a download', () => {
  it('reads no further than its client, and ends with it', async () => {
    await using own = await startFilesServer();
    const id = await own.mount('web');
    const before = own.disks.readBytes;
    const gone = new AbortController();
    const reply = await own.request('web', `${id}/download?path=/large`, { signal: gone.signal });
    const reader = (reply.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    gone.abort();
    await expect(reader.read()).rejects.toThrow();
    await own.server.close();
    expect(own.disks.readBytes - before).toBeLessThan(LARGE.byteLength * 0.9);
  });

  it('that nobody takes holds up no stop of the server, and is broken off', async () => {
    await using own = await startFilesServer();
    const id = await own.mount('web');
    const reply = await own.request('web', `${id}/download?path=/large`);
    const reader = (reply.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    await own.server.close();
    const rest = async (): Promise<void> => {
      while (!(await reader.read()).done);
    };
    await expect(rest()).rejects.toThrow();
  });

  it('breaks off when its mount is ended', async () => {
    await using own = await startFilesServer();
    const id = await own.mount('web');
    const reply = await own.request('web', `${id}/download?path=/large`);
    const reader = (reply.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    expect((await own.request('web', id, { method: 'DELETE' })).status).toBe(200);
    const rest = async (): Promise<void> => {
      while (!(await reader.read()).done);
    };
    await expect(rest()).rejects.toThrow();
  });

  it('of an archive whose mount ended by itself is told of by the end of the mount all the same, once', async () => {
    await using own = await startFilesServer({ idleMs: 1500 });
    const [silent, told] = [await own.mount('web'), await own.mount('web')];
    await bytesOf(await own.request('web', `${told}/download?path=/etc&format=zip`));
    await expect.poll(() => own.files.sessions.length, { timeout: 10_000 }).toBe(0);
    expect((await own.request('web', `${told}/files`)).status).toBe(404);
    expect((await own.request('db', told, { method: 'DELETE' })).status).toBe(404);
    const ended = await own.request('web', told, { method: 'DELETE' });
    expect(await ended.json()).toMatchObject({ mount_id: told, findings: [{ code: 'name-changed' }] });
    for (const id of [told, silent])
      expect((await own.request('web', id, { method: 'DELETE' })).status).toBe(404);
  });

  it('of a client that takes nothing for the time set is broken off', async () => {
    await using own = await startFilesServer({ idleMs: 1500, limits: { stalledMs: 1500 } });
    const id = await own.mount('web');
    const reply = await own.request('web', `${id}/download?path=/large`);
    const reader = (reply.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    // the mount ends when nothing is under way any more
    await expect.poll(() => own.files.sessions.length, { timeout: 20_000 }).toBe(0);
    const rest = async (): Promise<void> => {
      while (!(await reader.read()).done);
    };
    await expect(rest()).rejects.toThrow();
  });

  it('and a list are refused while the audit log cannot be written, without anything of the files', async () => {
    await using own = await startFilesServer();
    const id = await own.mount('web');
    const ask = (path: string): Promise<Response> => own.request('web', `${id}/${path}`);
    await rename(own.auditFile, `${own.auditFile}.before`);
    await mkdir(own.auditFile); // no file can be written there
    for (const path of ['download?path=/etc/passwd', 'download?path=/etc&format=zip', 'files?path=/etc']) {
      const reply = await ask(path);
      expect([reply.status, await codeOf(reply)], path).toEqual([409, 'READ_ONLY']);
      for (const header of ['content-disposition', 'accept-ranges', 'etag'])
        expect(reply.headers.get(header), path).toBeNull();
    }
    // more than may be under way at once: none of those that were refused is
    for (let count = 0; count < 10; count += 1)
      expect((await ask('download?path=/etc/passwd')).status).toBe(409);
    const missing = await ask('download?path=/none');
    expect([missing.status, await codeOf(missing)]).toEqual([404, 'NOT_FOUND']);
    await rmdir(own.auditFile);
    expect(await (await ask('download?path=/etc/passwd')).text()).toBe(TEXT);
  });

  it('of a tenant that has eight under way is refused until one has ended; others are served', async () => {
    await using own = await startFilesServer();
    const [web, db] = [await own.mount('web'), await own.mount('db', 'db')];
    const large = `${web}/download?path=/large`;
    const gone = new AbortController();
    const begun: Response[] = [];
    while (begun.length < 8) begun.push(await own.request('web', large, { signal: gone.signal }));
    expect(begun.map(({ status }) => status)).toEqual(Array(8).fill(200));
    for (const path of [large, `${web}/download?path=/etc&format=zip`]) {
      const more = await own.request('web', path);
      expect([more.status, await codeOf(more)], path).toEqual([429, 'QUOTA_EXCEEDED']);
    }
    expect((await own.request('db', `${db}/download?path=/etc/passwd`)).status).toBe(200);
    expect((await own.request('all', `${web}/download?path=/etc/passwd`)).status).toBe(200);
    gone.abort();
    await Promise.all(begun.map((reply) => expect(bytesOf(reply)).rejects.toThrow()));
    const again = async (): Promise<number> => {
      const reply = await own.request('web', `${web}/download?path=/etc/passwd`);
      await bytesOf(reply);
      return reply.status;
    };
    await expect.poll(again, { timeout: 10_000 }).toBe(200);
    // those that failed, or were sent to their end, count no more
    for (let count = 0; count < 10; count += 1)
      await bytesOf(await own.request('web', `${web}/download?path=/none`));
    for (let count = 0; count < 10; count += 1) expect(await again()).toBe(200);
  });

  it('keeps its mount, which ends when nothing was asked of it for the time set', async () => {
    await using own = await startFilesServer({ idleMs: 300 });
    const id = await own.mount('web');
    const reply = await own.request('web', `${id}/download?path=/large`);
    expect(digest(await bytesOf(reply))).toBe(digest(LARGE));
    await expect.poll(() => own.files.sessions.length, { timeout: 10_000 }).toBe(0);
    expect((await own.request('web', `${id}/files`)).status).toBe(404);
  });
});
