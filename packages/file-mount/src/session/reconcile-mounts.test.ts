import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sessionPaths, writeRecord } from './mount-record.ts';
import { reconcileMounts } from './reconcile-mounts.ts';

/** No process has this id: Linux counts to 4194304. */
const DEAD = `${hostname()}:4194305:1`;
const [FIRST, SECOND] = ['000000000001', '000000000002'] as const;

let folder = '';
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'sendense-reconcile-')));
});
afterEach(() => rm(folder, { recursive: true }));

/** What a process that died left of a mount at `path`: its record, and the folders that it made. */
async function leave(id: string, path: string): Promise<void> {
  const directory = join(folder, 'mounts');
  const rest = { point: 'point', keeper: DEAD, dedicated: false, path, made: [path], volumes: [] };
  await writeRecord(directory, { version: 1, id, ...rest });
  await mkdir(path);
}

/** A program of the first mount. When it is asked to end it does to mount `id` what another process may do, and makes its folder anew. */
async function startTaking(id: string): Promise<void> {
  const directory = join(folder, 'mounts');
  const [rest, path] = [sessionPaths(directory, id).folder, join(folder, id)].map((text) =>
    JSON.stringify(text),
  );
  const program = [
    "const { mkdirSync, rmdirSync, rmSync } = require('node:fs');",
    "process.on('SIGTERM', () => {",
    `  rmSync(${rest}, { recursive: true });`,
    `  rmdirSync(${path});`,
    `  mkdirSync(${path});`,
    '  process.exit();',
    '});',
    "setInterval(() => {}, 1e6); console.log('up');",
  ].join('\n');
  const args = ['-e', program, sessionPaths(directory, FIRST).files];
  const child = spawn(process.execPath, args, { argv0: 'ntfs-3g', stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
}

describe.skipIf(process.platform !== 'linux')('what processes left that died', () => {
  it('is taken away once, whoever asks for it at the same time', async () => {
    await leave(FIRST, join(folder, 'shown'));
    const directory = join(folder, 'mounts');
    const [one, other] = await Promise.all([reconcileMounts(directory), reconcileMounts(directory)]);
    expect(one).toMatchObject({ removed: [FIRST], findings: [{ code: 'mount-removed' }] });
    expect(other.findings).toBe(one.findings);
    expect(await readdir(folder)).toEqual(['mounts']);
    expect(await reconcileMounts(directory)).toEqual({ removed: [], findings: [] });
  });

  it.each([
    ['before its turn', SECOND, [FIRST]],
    ['while that is done here', FIRST, [FIRST, SECOND]],
  ] as const)(
    'is left alone where somebody else took it away %s, and uses its folder for something else',
    async (_, taken, removed) => {
      for (const id of [FIRST, SECOND]) await leave(id, join(folder, id));
      await startTaking(taken);
      expect((await reconcileMounts(join(folder, 'mounts'))).removed).toEqual(removed);
      expect(await readdir(folder)).toEqual([taken, 'mounts']);
    },
  );
});
