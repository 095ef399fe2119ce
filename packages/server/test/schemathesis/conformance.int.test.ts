import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { errorSchema, type JobView } from '@sendense/api';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TokenStore, tokensDirectory } from '../../src/access/tokens/token-store.ts';
import type { SendenseServer } from '../../src/index.ts';
import { ask, follow } from '../support/client.ts';
import { makeWorld, type World } from '../support/world.ts';
import { type Document, type Example, operationsOf, withExamples } from './document.ts';
import { type Exchange, type Run, runSchemathesis } from './run-schemathesis.ts';

let world: World;
let server: SendenseServer;
let headers: Record<string, string>;
let document: Document;
let run: Run;

/** A machine whose disk has a file system, so that files can be listed and downloaded. */
async function makeFileSystem(): Promise<void> {
  const tree = join(world.folder, 'tree');
  await mkdir(join(tree, 'etc'), { recursive: true });
  await writeFile(join(tree, 'etc', 'hosts'), '127.0.0.1 localhost\n');
  const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
  const made = ['-q', '-F', '-t', 'ext4', '-d', tree, world.disk('web'), '8M'];
  await promisify(execFile)('mke2fs', made, { env });
}

async function backUp(repository: string): Promise<{ readonly job: string; readonly backup: string }> {
  const body = { vm_name: 'web', repository };
  const { job_id: job } = (await ask(server, 'POST', '/api/v1/backup/start', { body, headers }))
    .body as JobView;
  await follow(server, job, headers);
  const { backup_id: backup } = (await ask(server, 'GET', `/api/v1/jobs/${job}`, { headers }))
    .body as JobView;
  if (backup === null) throw new Error(`the job ${job} made no backup`);
  return { job, backup };
}

async function mountOf(backup: string): Promise<string> {
  const { body } = await ask(server, 'POST', '/api/v1/restore/mount', {
    body: { backup_id: backup },
    headers,
  });
  return body.mount_id as string;
}

/** What each operation that names something can succeed with. */
async function examplesHere(): Promise<Record<string, Example>> {
  const [kept, removed] = [await backUp('main'), await backUp('second')];
  const [browsed, ended] = [await mountOf(kept.backup), await mountOf(kept.backup)];
  const job = { parameters: { job_id: kept.job } };
  return {
    startBackup: { body: { vm_name: 'web', repository: 'second' } },
    listBackups: { parameters: { vm_name: 'web', repository: 'main' } },
    showBackupChain: { parameters: { vm_name: 'web', repository: 'main' } },
    showBackup: { parameters: { backup_id: kept.backup, repository: 'main' } },
    deleteBackup: { parameters: { backup_id: removed.backup, repository: 'second' } },
    startRestore: { body: { backup_id: kept.backup, target: 'lab', overwrite: true } },
    mountBackup: { body: { backup_id: kept.backup } },
    listFiles: { parameters: { mount_id: browsed, path: '/etc' } },
    downloadFile: { parameters: { mount_id: browsed, path: '/etc/hosts' } },
    unmountBackup: { parameters: { mount_id: ended } },
    showJob: job,
    cancelJob: job,
    followJob: job,
  };
}

/** The exchanges of an operation: a path without parameters is that of its own operation only. */
function exchangesOf(method: string, path: string): Exchange[] {
  const pattern = (each: string) => new RegExp(`^${each.replaceAll(/\{\w+\}/gu, '[^/]+')}$`, 'u');
  const others = operationsOf(document).filter((each) => each.path !== path && !each.path.includes('{'));
  return run.exchanges.filter(
    (each) =>
      each.method === method.toUpperCase() &&
      pattern(path).test(each.path) &&
      !others.some((other) => other.path === each.path),
  );
}

describeWithPeers(
  ['schemathesis', 'ext4-tools'],
  'the service, asked by schemathesis by its own document',
  () => {
    beforeAll(async () => {
      world = await makeWorld();
      await makeFileSystem();
      const store = new TokenStore(tokensDirectory(join(world.folder, 'state')));
      await mkdir(join(world.folder, 'state'));
      const { token } = await store.create({ role: 'admin', tenant: null, name: null, expiresAt: null });
      headers = { authorization: `Bearer ${token}` };
      const rates = { requestsPerMinute: 1_000_000, failedLoginsPerMinute: 1_000_000 };
      server = await world.start({ rates });
      document = withExamples(
        (await ask(server, 'GET', '/openapi.json')).body as Document,
        await examplesHere(),
      );
      run = await runSchemathesis(document, { url: server.url, token, folder: world.folder });
    });
    afterAll(() => world[Symbol.asyncDispose]());

    it('fails none of its checks', () => {
      expect(run.exitCode, run.printed).toBe(0);
      expect(run.exchanges.length).toBeGreaterThan(500);
    });

    it('answers each operation with a success at least once, those for CloudStack with UNSUPPORTED', () => {
      for (const { method, path, operation } of operationsOf(document)) {
        const exchanges = exchangesOf(method, path);
        const statuses = [...new Set(exchanges.map(({ status }) => status))];
        const asked = `${method} ${path}: ${statuses.join(', ')}`;
        if (!operation.tags.includes('cloudstack')) {
          expect(
            statuses.some((status) => status >= 200 && status < 300),
            asked,
          ).toBe(true);
          continue;
        }
        const offered = exchanges.filter(({ status }) => status === 501).map(({ text }) => codeOf(text));
        expect([...new Set(offered)], asked).toEqual(['UNSUPPORTED']);
      }
    });

    it('answers nothing with a status that the operation does not name, and with 5xx only what is not offered', () => {
      for (const { method, path, operation } of operationsOf(document))
        for (const { status, text, path: asked } of exchangesOf(method, path)) {
          expect(Object.keys(operation.responses), `${method} ${asked}: ${text}`).toContain(String(status));
          if (status >= 500) expect([status, codeOf(text)], asked).toEqual([501, 'UNSUPPORTED']);
        }
    });

    it('has no job that ended by a defect', async () => {
      const { jobs } = (await ask(server, 'GET', '/api/v1/jobs', { headers })).body as { jobs: JobView[] };
      expect(jobs.length).toBeGreaterThan(3);
      expect(jobs.filter(({ error }) => error?.code === 'UNEXPECTED')).toEqual([]);
    });
  },
);

function codeOf(text: string): string {
  return errorSchema.parse(JSON.parse(text)).error.code;
}
