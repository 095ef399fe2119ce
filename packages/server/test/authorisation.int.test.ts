import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROLES, type Role } from '../src/access/principal.ts';
import { TokenStore, tokensDirectory } from '../src/access/tokens/token-store.ts';
import type { SendenseServer } from '../src/index.ts';
import { allRoutes } from '../src/routes/all-routes.ts';
import { type Answer, ask, follow } from './support/client.ts';
import { makeWorld, type World } from './support/world.ts';

/** Who calls: nobody, a wrong token, the roles of one tenant, the most powerful of another and of none that is configured, and of all. */
const CALLERS = ['nobody', 'wrong', ...ROLES, 'stranger', 'stray', 'everybody'] as const;
type Caller = (typeof CALLERS)[number];

const TENANTS = {
  acme: { repositories: ['main'], sources: ['web'], targets: ['lab'] },
  globex: { repositories: ['second'], sources: ['db'], targets: [] },
};

/** What is asked for. */
type Question = { readonly path: string; readonly body?: unknown };

type Row = {
  /** The least role; `public`: everybody. */
  readonly role: Role | 'public';
  /** Only callers of all tenants may. */
  readonly allTenants?: true;
  readonly question: () => Question | Promise<Question>;
  /** Status for callers who may. */
  readonly own: number;
  /** Status for the most powerful caller of another tenant; default: it is not there. */
  readonly other?: number;
  /** What that one is told instead. */
  readonly otherBody?: unknown;
};

const ROWS: Readonly<Record<string, Row>> = {
  'POST /api/v1/backup/start': {
    role: 'operator',
    question: () => ({ path: '/api/v1/backup/start', body: { vm_name: 'web', repository: 'main' } }),
    own: 202,
  },
  'GET /api/v1/backup/list': {
    role: 'viewer',
    question: () => ({ path: '/api/v1/backup/list' }),
    own: 200,
    other: 200,
    otherBody: { backups: [] },
  },
  'GET /api/v1/backup/chain': {
    role: 'viewer',
    question: () => ({ path: '/api/v1/backup/chain?vm_name=web' }),
    own: 200,
  },
  'GET /api/v1/backup/:backup_id': {
    role: 'viewer',
    question: () => ({ path: `/api/v1/backup/${backup}` }),
    own: 200,
  },
  'DELETE /api/v1/backup/:backup_id': {
    role: 'admin',
    question: async () => ({ path: `/api/v1/backup/${(await backUp()).backup_id}` }),
    own: 200,
  },
  'POST /api/v1/restore/start': {
    role: 'operator',
    question: () => ({
      path: '/api/v1/restore/start',
      body: { backup_id: backup, target: 'lab', overwrite: true },
    }),
    own: 202,
  },
  'POST /api/v1/restore/mount': {
    role: 'operator',
    question: () => ({ path: '/api/v1/restore/mount', body: { backup_id: backup, mode: 'browse' } }),
    own: 200,
  },
  'GET /api/v1/restore/mount': {
    role: 'operator',
    question: async () => {
      await mount();
      return { path: '/api/v1/restore/mount' };
    },
    own: 200,
    other: 200,
    otherBody: { mounts: [] },
  },
  'GET /api/v1/restore/:mount_id/files': {
    role: 'operator',
    question: async () => ({ path: `/api/v1/restore/${await mount()}/files?path=/` }),
    own: 200,
  },
  'GET /api/v1/restore/:mount_id/download': {
    role: 'operator',
    question: async () => ({ path: `/api/v1/restore/${await mount()}/download?path=/name` }),
    own: 200,
  },
  'DELETE /api/v1/restore/:mount_id': {
    role: 'operator',
    question: async () => ({ path: `/api/v1/restore/${await mount()}` }),
    own: 200,
  },
  'GET /api/v1/jobs': {
    role: 'viewer',
    question: () => ({ path: '/api/v1/jobs' }),
    own: 200,
    other: 200,
    otherBody: { jobs: [] },
  },
  'GET /api/v1/jobs/:job_id': { role: 'viewer', question: () => ({ path: `/api/v1/jobs/${job}` }), own: 200 },
  'POST /api/v1/jobs/:job_id/cancel': {
    role: 'operator',
    question: () => ({ path: `/api/v1/jobs/${job}/cancel` }),
    own: 202,
  },
  'GET /api/v1/jobs/:job_id/events': {
    role: 'viewer',
    question: () => ({ path: `/api/v1/jobs/${job}/events` }),
    own: 200,
  },
  'GET /api/v1/cloudstack/vms': {
    role: 'operator',
    question: () => ({ path: '/api/v1/cloudstack/vms' }),
    own: 501,
    other: 501,
  },
  'POST /api/v1/backup/cloudstack': {
    role: 'operator',
    question: () => ({ path: '/api/v1/backup/cloudstack', body: { vm_id: 'x' } }),
    own: 501,
    other: 501,
  },
  'GET /api/v1/agents/cloudstack': {
    role: 'operator',
    question: () => ({ path: '/api/v1/agents/cloudstack' }),
    own: 501,
    other: 501,
  },
  'GET /health': { role: 'public', question: () => ({ path: '/health' }), own: 200, other: 200 },
  'GET /ready': { role: 'public', question: () => ({ path: '/ready' }), own: 200, other: 200 },
  'GET /metrics': {
    role: 'viewer',
    allTenants: true,
    question: () => ({ path: '/metrics' }),
    own: 200,
    other: 403,
  },
};

let world: World;
let server: SendenseServer;
let tokens: Readonly<Record<Caller, string | undefined>>;
let backup = '';
let job = '';

beforeAll(async () => {
  world = await makeWorld();
  await giveFileSystem(world);
  const state = join(world.folder, 'state');
  tokens = await makeTokens(new TokenStore(tokensDirectory(state)));
  // the callers of the matrix that are refused come from one address
  server = await world.start({ access: { tenants: TENANTS }, rates: { failedLoginsPerMinute: 10_000 } });
  ({ backup_id: backup, job_id: job } = await backUp());
});
afterAll(() => world[Symbol.asyncDispose]());

async function makeTokens(store: TokenStore): Promise<Record<Caller, string | undefined>> {
  const make = async (role: Role, tenant: string | null) =>
    (await store.create({ role, tenant, name: null, expiresAt: null })).token;
  return {
    nobody: undefined,
    wrong: `sds_0123456789abcdef_${'A'.repeat(43)}`,
    viewer: await make('viewer', 'acme'),
    operator: await make('operator', 'acme'),
    admin: await make('admin', 'acme'),
    stranger: await make('admin', 'globex'),
    stray: await make('admin', 'initech'),
    everybody: await make('admin', null),
  };
}

/** The disk of `web` gets a file system with one file. */
async function giveFileSystem(into: World): Promise<void> {
  const tree = join(into.folder, 'tree');
  await mkdir(tree);
  await writeFile(join(tree, 'name'), 'content of web\n');
  const env = { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`, MKE2FS_CONFIG: '/dev/null' };
  execFileSync('mke2fs', ['-q', '-F', '-t', 'ext4', '-d', tree, into.disk('web'), '8M'], {
    env,
    stdio: 'pipe',
  });
}

function call(caller: Caller, method: string, { path, body }: Question): Promise<Answer> {
  const token = tokens[caller];
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return ask(server, method, path, { body, headers });
}

/** A backup that the tenant's operator has made. */
async function backUp(): Promise<{ backup_id: string; job_id: string }> {
  const body = { vm_name: 'web', repository: 'main' };
  const { job_id } = (await call('operator', 'POST', { path: '/api/v1/backup/start', body })).body;
  await follow(server, job_id, { authorization: `Bearer ${tokens.operator}` });
  return (await call('operator', 'GET', { path: `/api/v1/jobs/${job_id}` })).body;
}

/** A mount that the tenant's operator has opened; the one before it is gone. */
let mounted: string | undefined;
async function mount(): Promise<string> {
  if (mounted !== undefined) await call('operator', 'DELETE', { path: `/api/v1/restore/${mounted}` });
  const question = { path: '/api/v1/restore/mount', body: { backup_id: backup, mode: 'browse' } };
  mounted = (await call('operator', 'POST', question)).body.mount_id as string;
  return mounted;
}

/** The status that the table foresees. */
function expected({ role, allTenants, own, other = 404 }: Row, caller: Caller): number {
  if (role === 'public') return own;
  if (caller === 'nobody' || caller === 'wrong') return 401;
  if (caller === 'everybody') return own;
  if (allTenants === true) return 403;
  if (caller === 'stranger' || caller === 'stray') return other;
  return ROLES.indexOf(caller) >= ROLES.indexOf(role) ? own : 403;
}

it('has a row for every operation, with the role that the operation asks for', () => {
  // the handlers are not called: only the operations are looked at
  const routes = allRoutes({} as Parameters<typeof allRoutes>[0]);
  const served = routes.map(({ method, url, role, allTenants }) => [
    `${method} ${url}`,
    { role, allTenants },
  ]);
  const rows = Object.entries(ROWS).map(([name, { role, allTenants }]) => [name, { role, allTenants }]);
  expect(Object.fromEntries(served)).toEqual(Object.fromEntries(rows));
});

describe.each(Object.entries(ROWS))('%s', (name, row) => {
  const [method = ''] = name.split(' ');

  it.each(CALLERS.map((caller) => [caller, expected(row, caller)] as const))(
    'answers %s with %i',
    async (caller, status) => {
      const answer = await call(caller, method, await row.question());
      expect(answer.status, JSON.stringify(answer.body)).toBe(status);
      // the next one may be about the same machine
      if (status === 202)
        await follow(server, answer.body.job_id, { authorization: `Bearer ${tokens.everybody}` });
      if (status === 401) expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      const isForeign = caller === 'stranger' || caller === 'stray';
      if (isForeign && row.otherBody !== undefined) expect(answer.body).toEqual(row.otherBody);
    },
  );
});

it('tells a caller of another tenant the same of what is there and of what is not', async () => {
  const paths = (id: string): Question[] => [
    { path: `/api/v1/backup/${id}` },
    { path: `/api/v1/jobs/${id}` },
    { path: `/api/v1/restore/${id}/files` },
  ];
  const there = [backup, job, await mount()];
  for (const [index, id] of there.entries()) {
    const real = await call('stranger', 'GET', paths(id)[index] ?? { path: '' });
    const none = await call(
      'stranger',
      'GET',
      paths('0f8fad5b-d9cb-469f-a165-70867728950e')[index] ?? { path: '' },
    );
    expect(real.status).toBe(404);
    const without = (answer: Answer, asked: string) => JSON.stringify(answer.body).replaceAll(asked, 'ID');
    expect(without(real, id)).toBe(without(none, '0f8fad5b-d9cb-469f-a165-70867728950e'));
  }
});

it('writes who asked for what into the audit log, and no credentials', async () => {
  await server.close(); // what was refused again and again is counted until then
  const text = await readFile(join(world.folder, 'state', 'audit', 'audit.jsonl'), 'utf8');
  for (const token of Object.values(tokens))
    if (token !== undefined) expect(text).not.toContain(token.slice(-43));
  const lines = text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const operator = `token:${tokens.operator?.slice(4, 20)}`;
  const of = (fields: object) => expect.arrayContaining([expect.objectContaining(fields)]);
  const start = { method: 'POST', route: '/api/v1/backup/start', principal: operator, tenant: 'acme' };
  expect(lines).toEqual(of({ ...start, event: 'asked', status: null }));
  expect(lines).toEqual(of({ ...start, event: 'answered', status: 202, job }));
  expect(lines).toEqual(of({ event: 'answered', status: 401, principal: null }));
  const counted = (what: string) => ({ event: 'refused', refused: expect.objectContaining({ [what]: 2 }) });
  expect(lines).toEqual(
    of({ ...counted('401 DELETE /api/v1/backup/:backup_id'), principal: null, address: '127.0.0.1' }),
  );
  expect(lines).toEqual(of({ event: 'answered', status: 403, route: '/metrics', tenant: 'globex' }));
  expect(lines).toEqual(of({ event: 'answered', route: '/api/v1/restore/:mount_id/download', status: 200 }));
  const point = { backup, repository: 'main', machine: expect.stringMatching(/^[0-9a-f-]{36}$/) };
  const subjects: readonly [route: string, status: number, subject: object][] = [
    ['/api/v1/backup/start', 202, { machine: 'web', repository: 'main' }],
    ['/api/v1/restore/start', 202, { ...point, target: 'lab', overwrite: true }],
    ['/api/v1/restore/start', 404, { backup, target: 'lab', overwrite: true }],
    ['/api/v1/restore/mount', 200, point],
    ['/api/v1/restore/:mount_id/files', 200, { ...point, path: '/' }],
    ['/api/v1/restore/:mount_id/download', 200, { ...point, path: '/name' }],
    ['/api/v1/restore/:mount_id', 200, point],
    ['/api/v1/backup/:backup_id', 200, { ...point, backup: expect.any(String) }],
  ];
  for (const [route, status, subject] of subjects)
    expect(lines, route).toEqual(of({ event: 'answered', route, status, subject }));
});
