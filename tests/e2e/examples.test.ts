import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { seededBytes } from '@sendense/testkit';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';

const MIB = 2 ** 20;
const EXAMPLES = path.resolve(import.meta.dirname, '../../examples');
const FLAGS = ['--conditions=@sendense/source', '--disable-warning=ExperimentalWarning'];

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sendense-examples-'));
  // without a hole: native code and TypeScript read the same
  await writeFile(inFolder('disk.raw'), seededBytes(1, 8 * MIB));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const inFolder = (name: string) => path.join(folder, name);

async function example(name: string, ...args: string[]): Promise<string> {
  const { stdout } = await execa(process.execPath, [...FLAGS, path.join(EXAMPLES, `${name}.ts`), ...args], {
    cwd: folder,
    env: { SENDENSE_PASSPHRASE: 'a passphrase' },
  });
  return stdout;
}

it('backs up a full and then an increment, and restores the newest point', async () => {
  expect(await example('backup-image', 'disk.raw')).toMatch(/^full \S+: 8388608 bytes read/m);
  await writeFile(inFolder('disk.raw'), seededBytes(2, 65_536), { flag: 'r+' });
  expect(await example('backup-image', 'disk.raw')).toMatch(/^incremental /m);
  expect(await example('restore-image', 'backups', 'restored.raw')).toMatch(
    /^incremental of .* verified: true$/m,
  );
  const restored = await readFile(inFolder('restored.raw'));
  expect(restored.equals(await readFile(inFolder('disk.raw')))).toBe(true);
});

it('backs up into objects and copies the point to chains', async () => {
  const lines = (await example('backup-to-s3', 'disk.raw', 'dir:objects')).split('\n');
  expect(lines).toEqual([
    expect.stringMatching(/^full \S+: 8\d{6} bytes stored$/),
    '1 copied to backups, 0 there already, verified: true',
  ]);
});

it('backs up by a schedule and keeps two points', async () => {
  const lines = (await example('scheduled-backup-with-retention', 'disk.raw', 'backups', '1', '3')).split(
    '\n',
  );
  expect(lines).toMatchObject([
    expect.stringMatching(/^full \S+; 1 kept, 0 removed$/),
    expect.stringMatching(/^incremental \S+; 2 kept, 0 removed$/),
    expect.stringMatching(/^incremental \S+; 2 kept, 1 removed$/),
  ]);
});

it('cancels a backup half-way and leaves nothing half-done', async () => {
  const lines = (await example('progress-and-cancel', 'disk.raw')).split('\n');
  expect(lines.at(-1)).toBe('cancelled; 0 points');
  expect(lines[0]).toMatch(/^\d+ %, \d+ bytes\/s, \S+ s left$/);
  const left = await readdir(inFolder('backups'), { recursive: true });
  expect(left.filter((name) => name.endsWith('.qcow2') || name.includes('.partial'))).toEqual([]);
});

it('verifies and prunes, and stops with code 3 at damage', async () => {
  await example('backup-image', 'disk.raw');
  expect(await example('verify-and-prune')).toMatch(/all intact\nwould remove 0 of 1\nfreed 0 bytes$/);
  const files = await readdir(inFolder('backups'), { recursive: true });
  const image = files.find((name) => name.endsWith('.qcow2')) ?? '';
  const bytes = await readFile(path.join(inFolder('backups'), image));
  const at = bytes.length - 65_536;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(path.join(inFolder('backups'), image), bytes);
  await expect(example('verify-and-prune')).rejects.toMatchObject({
    exitCode: 3,
    stdout: expect.stringContaining('damage found'),
  });
});

it('backs up a disk of its own by a connector of its own', async () => {
  const lines = (await example('custom-connector')).split('\n');
  expect(lines).toEqual([
    expect.stringMatching(/^full: /),
    expect.stringMatching(/^incremental: 4194304 bytes read, 65536 changed$/),
    'the restored disk is equal',
  ]);
});

it('serves backups over HTTP until it is told to stop', async () => {
  const service = spawn(
    process.execPath,
    [...FLAGS, path.join(EXAMPLES, 'embedded-in-a-service.ts'), 'disk.raw'],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const ended = once(service, 'exit');
  try {
    const [line] = (await once(service.stdout, 'data')) as [Buffer];
    const url = `${line.toString().trim()}/backups`;
    const made = (await (await fetch(url, { method: 'POST' })).json()) as { pointId: string };
    expect(made).toMatchObject({ kind: 'full' });
    expect(await (await fetch(url)).json()).toMatchObject([{ id: made.pointId, kind: 'full' }]);
  } finally {
    service.kill('SIGTERM');
  }
  expect(await ended).toEqual([0, null]);
});
