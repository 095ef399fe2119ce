import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { errorSchema } from '@sendense/api';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { SendenseServer } from '../src/index.ts';
import { ask, follow, runJob } from './support/client.ts';
import { DISK_BYTES, makeWorld, type World } from './support/world.ts';

let world: World;
let server: SendenseServer;
beforeEach(async () => {
  world = await makeWorld();
  server = await world.start();
});
afterEach(() => world[Symbol.asyncDispose]());

const backUp = (vm = 'web') => runJob(server, '/api/v1/backup/start', { vm_name: vm, repository: 'main' });

it('backs a machine up as a job, lists the point, shows its chain, and deletes it', async () => {
  const full = await backUp();
  expect(full).toMatchObject({
    kind: 'backup',
    state: 'completed',
    vm_name: 'web',
    repository: 'main',
    attempt: 1,
    progress: null,
    error: null,
    result: {
      backup_type: 'full',
      reason: 'first-backup',
      disks: [{ id: 'disk-0', size_bytes: DISK_BYTES }],
    },
  });
  const next = await backUp();
  expect(next).toMatchObject({ state: 'completed', result: { backup_type: 'incremental', reason: null } });

  const list = await ask(server, 'GET', '/api/v1/backup/list?vm_name=web');
  expect(list.status).toBe(200);
  expect(list.body.backups).toMatchObject([
    { backup_id: full.backup_id, vm_name: 'web', repository: 'main', backup_type: 'full', parent_id: null },
    { backup_id: next.backup_id, backup_type: 'incremental', parent_id: full.backup_id },
  ]);
  expect((await ask(server, 'GET', `/api/v1/backup/${next.backup_id}`)).body).toEqual({
    ...list.body.backups[1],
    // the disk of an image goes by its path, which is not told
    spec: expect.objectContaining({ name: 'web', disks: [expect.objectContaining({ id: 'disk-0' })] }),
  });
  const chain = await ask(server, 'GET', '/api/v1/backup/chain?vm_name=web');
  expect(chain.body).toMatchObject({
    vm_name: 'web',
    repository: 'main',
    disks: [
      {
        id: 'disk-0',
        chain: [
          { backup_id: full.backup_id, backup_type: 'full' },
          { backup_id: next.backup_id, backup_type: 'incremental' },
        ],
      },
    ],
  });

  expect(await ask(server, 'DELETE', `/api/v1/backup/${next.backup_id}`)).toMatchObject({
    status: 200,
    body: { removed: [next.backup_id] },
  });
  expect(await ask(server, 'GET', `/api/v1/backup/${next.backup_id}`)).toMatchObject({
    status: 404,
    body: { error: { code: 'NOT_FOUND', operation: 'find-backup', retry: 'never' } },
  });
});

it('restores a backup as a job, byte for byte', async () => {
  const { backup_id } = await backUp();
  const job = await runJob(server, '/api/v1/restore/start', { backup_id, target: 'lab' });
  expect(job).toMatchObject({
    kind: 'restore',
    state: 'completed',
    vm_name: 'web',
    target: 'lab',
    backup_id,
    requested_type: null,
    result: { verified: true, backup_id },
  });
  const restored = await readFile(join(world.folder, 'restored.raw'));
  expect(restored.equals(await readFile(world.disk('web')))).toBe(true);
  const done = (name: string) => ({ name, state: 'completed', error: null });
  expect(job.steps).toEqual(['check', 'begin', 'copy', 'flush', 'verify', 'commit'].map(done));
  const again = await runJob(server, '/api/v1/restore/start', { backup_id, target: 'lab' });
  expect(again).toMatchObject({
    state: 'failed',
    error: { code: 'ALREADY_EXISTS' },
    result: null,
    steps: [
      done('check'),
      { name: 'begin', state: 'failed', error: expect.stringContaining('exists') as string },
      done('rollback'),
    ],
  });
});

it('tells the events of a job with ascending ids, and only those after the last that a client has seen', async () => {
  const { job_id } = await backUp();
  const events = await follow(server, job_id);
  const counted = events.filter(({ id }) => id !== undefined);
  expect(counted.map(({ id }) => id)).toEqual(counted.map((_, index) => index + 1));
  expect(counted.filter(({ event }) => event === 'state').map(({ data }) => data)).toMatchObject([
    { state: 'queued' },
    { state: 'running' },
    { state: 'completed' },
  ]);
  expect(await follow(server, job_id, { 'last-event-id': '2' })).toEqual(counted.slice(2));
  const seen = { 'last-event-id': String(counted.length) };
  expect((await ask(server, 'GET', `/api/v1/jobs/${job_id}/events`, { headers: seen })).status).toBe(204);
});

it('lists jobs newest first, of a state or a machine', async () => {
  const web = await backUp('web');
  const db = await backUp('db');
  const ids = async (query: string) =>
    ((await ask(server, 'GET', `/api/v1/jobs${query}`)).body.jobs as { job_id: string }[]).map(
      ({ job_id }) => job_id,
    );
  expect(await ids('')).toEqual([db.job_id, web.job_id]);
  expect(await ids('?vm_name=web')).toEqual([web.job_id]);
  expect(await ids('?state=running')).toEqual([]);
});

it.each([
  ['an unknown machine', '/api/v1/backup/start', { vm_name: 'no', repository: 'main' }, 404, 'NOT_FOUND'],
  ['an unknown repository', '/api/v1/backup/start', { vm_name: 'web', repository: 'no' }, 404, 'NOT_FOUND'],
  ['a path for a name', '/api/v1/backup/start', { vm_name: '/etc', repository: '../main' }, 404, 'NOT_FOUND'],
  [
    'an unknown field',
    '/api/v1/backup/start',
    { vm_name: 'web', repository: 'main', path: '/' },
    400,
    'CONFIG_INVALID',
  ],
  ['a wrong type', '/api/v1/backup/start', { vm_name: 1, repository: 'main' }, 400, 'CONFIG_INVALID'],
  ['an unknown target', '/api/v1/restore/start', { backup_id: 'x', target: 'no' }, 404, 'NOT_FOUND'],
  ['no JSON', '/api/v1/backup/start', '{', 400, 'CONFIG_INVALID'],
  ['CloudStack', '/api/v1/backup/cloudstack', { vm_id: 'x' }, 501, 'UNSUPPORTED'],
])('refuses %s', async (_what, path, body, status, code) => {
  expect(await ask(server, 'POST', path, { body })).toMatchObject({ status, body: { error: { code } } });
  expect((await ask(server, 'GET', '/api/v1/jobs')).body).toEqual({ jobs: [] });
});

it('refuses fields of the query that it does not know, bodies of other types, methods that are not there, and large bodies', async () => {
  for (const path of ['/api/v1/jobs?limit=1', '/health?x=1', '/api/v1/jobs?state=running&state=failed'])
    expect((await ask(server, 'GET', path)).status).toBe(400);
  const plain = { headers: { 'content-type': 'text/plain' }, body: '{}' };
  expect(await ask(server, 'POST', '/api/v1/backup/start', plain)).toMatchObject({
    status: 415,
    body: { error: { code: 'CONFIG_INVALID' } },
  });
  const put = await ask(server, 'PUT', '/api/v1/jobs', { body: {} });
  expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET']);
  expect((await ask(server, 'QUERY', '/api/v1/backup/x')).status).toBe(405);
  const large = await ask(server, 'POST', '/api/v1/backup/start', { body: `"${'x'.repeat(1024 * 1024)}"` });
  expect(large).toMatchObject({ status: 413, body: { error: { code: 'CONFIG_INVALID', retry: 'never' } } });
  expect(await ask(server, 'GET', '/api/v2/x')).toMatchObject({
    status: 404,
    body: { error: { code: 'NOT_FOUND' } },
  });
});

it.each([
  [
    'a URL that is none',
    'GET /api/v1/backup/%zz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
    400,
  ],
  [
    'a part of a path that is too long',
    `GET /api/v1/backup/${'x'.repeat(600)} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`,
    414,
  ],
  ['bytes that are no request', 'garbage\r\n\r\n', 400],
  ['too large a header', `GET / HTTP/1.1\r\nx: ${'x'.repeat(80_000)}\r\n\r\n`, 431],
])('answers %s in the form of every failure', async (_what, bytes, status) => {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  socket.write(bytes);
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
  expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(errorSchema.safeParse(JSON.parse(body)).success).toBe(true);
});

it('is healthy and ready, and tells figures of itself', async () => {
  await backUp();
  expect((await ask(server, 'GET', '/health')).body).toEqual({ status: 'ok' });
  expect((await ask(server, 'GET', '/ready')).body).toEqual({ status: 'ready' });
  const { body, headers } = await ask(server, 'GET', '/metrics');
  expect(headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
  expect(body).toContain(
    'sendense_http_requests_total{method="POST",route="/api/v1/backup/start",status="202"} 1\n',
  );
  expect(body).toContain('sendense_jobs{state="completed"} 1\n');
});
