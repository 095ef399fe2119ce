import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { jsonOf, runCtl } from './run-ctl.ts';

let home = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sendense-cli-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

it.concurrent.each([
  ['before the verb', ['--json', '--state-dir', 'elsewhere', 'jobs', 'list']],
  ['after the group', ['jobs', '--json', '--state-dir', 'elsewhere', 'list']],
  ['after the verb', ['jobs', 'list', '--json', '--state-dir', 'elsewhere']],
  ['in several places', ['--state-dir', 'x', 'jobs', '--json', 'list', '--state-dir', 'elsewhere']],
] as const)('takes the flags of every verb %s', async (_, args) => {
  const run = await runCtl(home, args);
  expect([run.code, jsonOf(run)]).toEqual([0, { jobs: [] }]);
});

it('lets the flag that is nearest to the verb count', async () => {
  await runCtl(home, ['--state-dir', 'far', 'jobs', '--state-dir', 'near', 'list']);
  const made = await readdir(home);
  expect([made.includes('near'), made.includes('far')]).toEqual([true, false]);
});

it('names the verb in the remedy when flags stand in front of it', async () => {
  const run = await runCtl(home, ['--json', '--state-dir', 'elsewhere', 'backup', 'list', '--repo', 'x']);
  expect(jsonOf(run)).toMatchObject({ error: { remedy: 'run "sendense-ctl backup list --help"' } });
});
