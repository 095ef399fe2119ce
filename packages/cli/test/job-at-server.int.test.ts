import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ctlJson, jsonOf, type Running, startCtl } from './run-ctl.ts';
import { makeServerScene, SERVED, type Served, type ServerScene } from './server-scene.ts';

let scene: ServerScene;
let served: Served;
beforeAll(async () => {
  scene = await makeServerScene(SERVED);
  await ctlJson(scene.home, ['repository', 'init', '--repository', 'there']);
  await scene.neverAnswer('stuck.sock');
  served = await scene.serve();
});
afterAll(() => scene[Symbol.asyncDispose]());

/** Starts a backup that goes on until it is ended, and waits until the server has taken it. */
async function startStuck(env: Record<string, string> = {}): Promise<Running> {
  const args = ['backup', 'start', '--source', 'stuck', '--repository', 'there', '--server', served.url];
  const running = startCtl(scene.away, [...args, '--log-level', 'info', '--json'], env);
  await vi.waitFor(() => expect(running.stderr()).toContain('the server has taken the job'), {
    timeout: 30_000,
    interval: 20,
  });
  return running;
}

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('cancels its job at the server on %s', async (signal, code) => {
  const running = await startStuck();
  running.child.kill(signal);
  const run = await running.end;
  expect([run.code, jsonOf(run)]).toMatchObject([code, { error: { code: 'ABORTED' } }]);
  const reply = await fetch(`${served.url}/api/v1/jobs?vm_name=stuck`);
  const { jobs } = (await reply.json()) as { jobs: { state: string }[] };
  expect(jobs[0]).toMatchObject({ state: 'cancelled' });
});

it('names the job that goes on when the server is gone for longer than it waits', async () => {
  const config = join(scene.away, 'patience.json');
  await writeFile(config, '{"client": {"patienceSeconds": 1}}');
  const running = await startStuck({ SENDENSE_CONFIG: config });
  served.server.child.kill('SIGKILL');
  const run = await running.end;
  const { error } = jsonOf(run) as { error: { context: { job: string }; message: string; remedy: string } };
  expect(run.code).toBe(1);
  expect(error).toMatchObject({ code: 'CONNECTION_LOST', retry: 'exhausted' });
  expect(error.message).toContain('the job of stuck goes on at the server');
  expect(error.remedy).toContain(error.context.job);
});
