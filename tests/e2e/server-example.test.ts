import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { json } from 'node:stream/consumers';
import type { JobView, Mount } from '@sendense/api';
import { seededBytes } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ctlJson, type Running, startCtl } from '../../packages/cli/test/run-ctl.ts';

const EXAMPLE = path.resolve(import.meta.dirname, '../../examples/msp-with-the-server.ts');
const FLAGS = ['--conditions=@sendense/source', '--disable-warning=ExperimentalWarning'];
const CONTENT = Buffer.from(seededBytes(4, 3_000_000));

let home = '';
let server: Running | undefined;
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'sendense-msp-'));
});
afterEach(async () => {
  server?.child.kill('SIGTERM');
  await server?.end;
  await rm(home, { recursive: true, force: true });
});

/** Repository, machines of two customers, and the configuration that names them. */
async function configure(): Promise<void> {
  const tree = path.join(home, 'tree');
  await mkdir(path.join(tree, 'etc'), { recursive: true });
  await writeFile(path.join(tree, 'etc', 'hostname'), 'web\n');
  await writeFile(path.join(tree, 'etc', 'photo'), CONTENT);
  const env = { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
  const args = [
    '-q',
    '-F',
    '-t',
    'ext4',
    '-O',
    'extent,64bit',
    '-d',
    tree,
    path.join(home, 'web.raw'),
    '16M',
  ];
  execFileSync('mke2fs', args, { env, stdio: 'pipe' });
  await writeFile(path.join(home, 'db.raw'), seededBytes(1, 1_048_576));
  await ctlJson(home, ['repository', 'init', '--repository', 'backups']);
  const tenants = {
    acme: { repositories: ['main'], sources: ['web'] },
    globex: { repositories: [], sources: ['db'] },
  };
  const config = {
    sources: {
      web: { at: 'image:web.raw', format: 'raw', machineName: 'web' },
      db: { at: 'image:db.raw', format: 'raw', machineName: 'db' },
    },
    repositories: { main: 'local:backups' },
    server: { access: { tenants } },
  };
  await mkdir(path.join(home, '.config/sendense'), { recursive: true });
  await writeFile(path.join(home, '.config/sendense/config.json'), JSON.stringify(config));
}

/** Starts `sendense-ctl server start`; where it listens. */
async function serve(): Promise<string> {
  server = startCtl(home, ['server', 'start', '--listen', '127.0.0.1:0', '--json']);
  if (server.child.stdout === null) throw new Error('no output');
  for await (const line of createInterface({ input: server.child.stdout }))
    return (JSON.parse(line) as { url: string }).url;
  throw new Error(`the server ended before it served: ${server.stderr()}`);
}

async function tokenOf(tenant: string): Promise<string> {
  const { token } = await ctlJson(home, ['token', 'create', '--role', 'operator', '--tenant', tenant]);
  return String(token);
}

const run = (url: string, token: string, ...args: string[]) =>
  execa(process.execPath, [...FLAGS, EXAMPLE, ...args], {
    cwd: home,
    env: { SENDENSE_URL: url, SENDENSE_TOKEN: token },
  });

describeWithPeers(['ext4-tools'], 'the example of a service provider', () => {
  it("backs a customer's machine up, and takes a file out of the backup, with the customer's token alone", async () => {
    await configure();
    const acme = await tokenOf('acme');
    const globex = await tokenOf('globex');
    const url = await serve();
    const { stdout } = await run(url, acme, 'web', 'main', '/etc', 'photo');
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^backup \S+$/),
      'file "hostname" 4',
      `file "photo" ${CONTENT.length}`,
      `"photo": ${CONTENT.length} bytes`,
    ]);
    expect((await readFile(path.join(home, 'photo'))).equals(CONTENT)).toBe(true);
    await expect(run(url, globex, 'web', 'main')).rejects.toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('NOT_FOUND'),
    });
  });
});

const JOB: JobView = {
  job_id: 'b',
  kind: 'backup',
  state: 'running',
  vm_name: 'web',
  repository: 'main',
  target: null,
  backup_id: 'backed-up',
  requested_type: 'auto',
  requested_by: 'x',
  attempt: 1,
  cancel_requested: false,
  created_at: '2026-01-01T00:00:00.000Z',
  started_at: null,
  ended_at: null,
  steps: [],
  progress: null,
  result: null,
  error: null,
};
const RESTORE: JobView = { ...JOB, job_id: 'r', kind: 'restore', target: 'lab', backup_id: 'restored' };
const RESULT = { bytes_written: 1, duration_ms: 1, verified: true, verify_ms: 1, disks: [], findings: [] };
const MOUNT: Mount = { mount_id: 'm', mount_path: null, backup_id: 'x', volumes: [], findings: [] };
const EVIL = {
  type: 'file',
  size_bytes: 4,
  mode: null,
  uid: null,
  gid: null,
  mtime: null,
  links: null,
} as const;

/** Answers with an error in the form of the server. */
function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  const error = { code, message, remedy: null, operation: 'x', retry: 'never' };
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
}

/** A server on which a restore and a backup of the machine run already, and which cannot end its mounts; `mounted` are its backups. */
async function serveBusy(mounted: string[]) {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<unknown> => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    const [, , , area, id = '', what] = pathname.split('/');
    if (area === 'backup') return refuse(response, 409, 'LOCKED', 'it waits or runs already');
    if (area === 'restore' && request.method === 'DELETE')
      return refuse(response, 502, 'UNTRUSTED_PEER', 'the mount stays');
    if (what === 'events') return response.writeHead(204).end();
    if (what === 'download' && searchParams.get('path') !== '/etc/hostname')
      return refuse(response, 404, 'NOT_FOUND', 'there is no such file');
    if (what === 'download')
      return response
        .writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': '4' })
        .end('web\n');
    if (what === 'files')
      return response.end(
        JSON.stringify({
          entries: [{ name: 'a\n\u001b[2J', ...EVIL }],
          next: null,
          volume: null,
          findings: [],
        }),
      );
    if (id === 'mount') {
      mounted.push(((await json(request)) as { backup_id: string }).backup_id);
      return response.end(JSON.stringify(MOUNT));
    }
    const job = id === RESTORE.job_id ? RESTORE : JOB;
    const done = { ...job, state: 'completed', result: { ...RESULT, backup_id: job.backup_id } };
    return response.end(JSON.stringify(id === '' ? { jobs: [RESTORE, JOB] } : done));
  };
  const busy = createServer((request, response) => void answer(request, response));
  busy.listen(0, '127.0.0.1');
  await once(busy, 'listening');
  return {
    url: `http://127.0.0.1:${(busy.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      busy.close();
      await once(busy, 'close');
    },
  };
}

describe('the example of a service provider, whose server does other things as well', () => {
  it('follows the backup and no restore, and tells what failed first', async () => {
    const mounted: string[] = [];
    await using busy = await serveBusy(mounted);
    const failed: unknown = await run(busy.url, 't', 'web', 'main', '/etc', 'none').catch((e: unknown) => e);
    expect(failed).toMatchObject({
      exitCode: 1,
      stdout: 'backup backed-up\nfile "a\\n\\u001b[2J" 4',
      stderr: expect.stringMatching(/the mount was not ended.*there is no such file/su),
    });
    expect(mounted).toEqual(['backed-up']);
  });

  it('overwrites no file that lies where it downloads to', async () => {
    await using busy = await serveBusy([]);
    await writeFile(path.join(home, 'hostname.part'), 'mine');
    await expect(run(busy.url, 't', 'web', 'main', '/etc', 'hostname')).rejects.toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('EEXIST'),
    });
    expect(await readFile(path.join(home, 'hostname.part'), 'utf8')).toBe('mine');
    await rm(path.join(home, 'hostname.part'));
    const { stdout } = await run(busy.url, 't', 'web', 'main', '/etc', 'hostname');
    expect(stdout).toContain('"hostname": 4 bytes');
    expect(await readFile(path.join(home, 'hostname'), 'utf8')).toBe('web\n');
  });
});
