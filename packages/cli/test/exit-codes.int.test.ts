import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ctlJson, jsonOf, runCtl } from './run-ctl.ts';
import { makeDisk } from './sample-disk.ts';

const MIB = 1 << 20;
let home = '';
let point = '';

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sendense-cli-'));
  await makeDisk(join(home, 'disk.raw'), MIB);
  await writeFile(join(home, 'there.raw'), 'do not touch');
  await writeFile(join(home, 'file'), '');
  await mkdir(join(home, 'empty'));
  await writeFile(join(home, 'bad.json'), '{"sources":{"web":{"at":"image:/x","format":"vdi"}}}');
  await ctlJson(home, ['repository', 'init', '--repository', 'backups']);
  const start = ['backup', 'start', '--source', 'image:disk.raw', '--repository', 'backups'];
  point = String((await ctlJson(home, start)).pointId);
}, 60_000);
afterAll(() => rm(home, { recursive: true, force: true }));

const repository = ['--repository', 'backups'];
const start = ['backup', 'start', ...repository, '--source'];
const restore = ['restore', 'start', ...repository, '--backup-id'];

/** What goes wrong, the exit code, the error's code, and a word of the message or remedy. */
const FAILURES: readonly [
  what: string,
  args: () => readonly string[],
  exit: number,
  code: string,
  word: string,
][] = [
  ['no verb', () => [], 2, 'CONFIG_INVALID', '--help'],
  ['an unknown verb', () => ['backup', 'strat'], 2, 'CONFIG_INVALID', 'strat'],
  ['an unknown flag', () => ['backup', 'list', '--repo', 'x'], 2, 'CONFIG_INVALID', '--repo'],
  [
    'a flag without its value',
    () => ['backup', 'list', '--json', '--repository'],
    2,
    'CONFIG_INVALID',
    '--repository',
  ],
  ['a missing required flag', () => ['backup', 'show', ...repository], 2, 'CONFIG_INVALID', '--backup-id'],
  ['an argument too much', () => ['backup', 'list', 'x', ...repository], 2, 'CONFIG_INVALID', 'argument'],
  [
    'a value out of the choices',
    () => [...start, 'image:disk.raw', '--type', 'x'],
    2,
    'CONFIG_INVALID',
    'full',
  ],
  ['a rate that is none', () => [...start, 'image:disk.raw', '--rate', 'fast'], 2, 'CONFIG_INVALID', 'bytes'],
  ['a source that is no inline name', () => [...start, 'disk.raw'], 2, 'CONFIG_INVALID', 'image:disk.raw'],
  ['an unknown kind of source', () => [...start, 'floppy:x'], 2, 'CONFIG_INVALID', 'image:'],
  ['a connector that is not installed', () => [...start, 'nutanix://h/vm'], 1, 'UNSUPPORTED', 'nutanix'],
  ['no source at all', () => ['backup', 'start', ...repository], 2, 'CONFIG_INVALID', '--source'],
  ['a source that is not there', () => [...start, 'image:gone.raw'], 1, 'NOT_FOUND', 'gone.raw'],
  ['a folder without images', () => [...start, 'image:empty'], 1, 'NOT_FOUND', 'empty'],
  ['an unknown machine', () => [...start, 'image:disk.raw', '--vm', 'x'], 1, 'NOT_FOUND', 'disk.raw'],
  ['an unknown disk', () => [...start, 'image:disk.raw', '--exclude-disk', '7'], 2, 'CONFIG_INVALID', 'disk'],
  [
    'a missing repository',
    () => ['backup', 'list', '--repository', 'gone'],
    1,
    'NOT_FOUND',
    'repository init',
  ],
  ['a repository twice', () => ['repository', 'init', ...repository], 1, 'ALREADY_EXISTS', 'backups'],
  [
    'an unknown machine to list',
    () => ['backup', 'list', ...repository, '--vm', 'x'],
    1,
    'NOT_FOUND',
    'disk.raw',
  ],
  ['an unknown point', () => [...restore, 'nope', '--target', 'image:x'], 1, 'NOT_FOUND', 'backup list'],
  [
    'a target that is there',
    () => [...restore, point, '--target', 'image:there.raw'],
    1,
    'ALREADY_EXISTS',
    'there',
  ],
  ['a target below a file', () => [...restore, point, '--target', 'image:file/x.raw'], 1, '', 'file'],
  ['a prune that keeps nothing', () => ['prune', ...repository], 2, 'CONFIG_INVALID', 'keep'],
  ['an unknown job', () => ['restore', 'show', '--job', 'nope'], 1, 'NOT_FOUND', 'nope'],
  ['an unknown job to cancel', () => ['jobs', 'cancel', '--job', 'nope'], 1, 'NOT_FOUND', 'jobs list'],
  ['a configuration that is missing', () => ['doctor', '--config', 'gone.json'], 1, 'NOT_FOUND', 'gone.json'],
  [
    'a wrong configuration',
    () => ['doctor', '--config', 'bad.json'],
    2,
    'CONFIG_INVALID',
    'sources.web.format',
  ],
  [
    'a state folder below a file',
    () => ['jobs', 'list', '--state-dir', 'file/x'],
    2,
    'CONFIG_INVALID',
    'file',
  ],
  ['a state folder that cannot be written', () => ['jobs', 'list', '--state-dir', '/proc/x'], 1, '', '/proc'],
  [
    'a repository that cannot be made',
    () => ['repository', 'init', '--repository', '/proc/x'],
    1,
    '',
    '/proc',
  ],
];

it.concurrent.each(FAILURES)(
  '%s ends with one clear line and its exit code',
  async (_, args, exit, code, word) => {
    const given = args();
    const run = await runCtl(home, given.includes('--json') ? given : [...given, '--json']);
    const { error } = jsonOf(run) as { error: Record<string, unknown> };
    expect([run.code, typeof error.message, typeof error.operation, typeof error.retry]).toEqual([
      exit,
      'string',
      'string',
      'string',
    ]);
    expect(error).toHaveProperty('remedy');
    // where the code depends on the user that runs the test, none is named
    expect(['', error.code]).toContain(code);
    expect([error.message, error.remedy].join(' ')).toContain(word);
    // the same for a person: one line, after what was noteworthy on the way
    const own = run.stderr.split('\n').filter((line) => line.startsWith('sendense-ctl: '));
    expect(own).toHaveLength(1);
  },
);

it('prints help with exit code 0 and no error', async () => {
  const run = await runCtl(home, ['backup', 'start', '--help']);
  expect([run.code, run.stderr]).toEqual([0, '']);
  expect(run.stdout).toContain('--exclude-disk');
});
