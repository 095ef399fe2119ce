import { copyFile, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { buildPackages } from '../../tools/build/build-packages.ts';
import { packPackages } from '../../tools/pack-packages.ts';
import { builtAddons, publishedPackages, root } from '../../tools/workspace.ts';

let folder = '';
let project = '';

/** A user's shell: an empty home, and nothing of the checkout on the PATH but `first`. */
function shell(command: string, args: readonly string[], first: string[] = [path.dirname(process.execPath)]) {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter((at) => !at.startsWith(root));
  const PATH = [...first, ...folders].join(path.delimiter);
  return execa(command, args, {
    cwd: project,
    env: { PATH, HOME: path.join(folder, 'home'), NODE_OPTIONS: '' },
  });
}

/** npm runs on the Node it came with, which knows this machine's certificates; its cache spares the network. */
async function npmInstall(packages: readonly string[]): Promise<void> {
  const { stdout: cache } = await execa('npm', ['config', 'get', 'cache']);
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--cache', cache];
  await shell('npm', ['install', ...quiet, ...packages], []);
}

beforeAll(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), 'sendense-packed-')));
  project = path.join(folder, 'project');
  for (const name of ['home', 'tarballs', 'project']) await mkdir(path.join(folder, name));
  vi.stubEnv('PATH', `${path.join(root, 'node_modules/.bin')}:${process.env.PATH ?? ''}`);
  const built = await buildPackages();
  if (!built.ok) throw new Error(built.output);
  const packed = await packPackages(path.join(folder, 'tarballs'));
  vi.unstubAllEnvs();
  if (!packed.ok) throw new Error(packed.output);
  await writeFile(
    path.join(project, 'package.json'),
    '{ "name": "empty", "type": "module", "private": true }\n',
  );
  await copyFile(
    path.join(import.meta.dirname, 'project', 'quick-start.ts'),
    path.join(project, 'quick-start.ts'),
  );
  const { version } = JSON.parse(
    await readFile(path.join(root, 'node_modules/@types/node/package.json'), 'utf8'),
  ) as { version: string };
  await npmInstall([...packed.tarballs, `@types/node@${version}`]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('installs every published package by npm alone, from nowhere but its tarball', async () => {
  const scope = path.join(project, 'node_modules', '@sendense');
  const names = [...publishedPackages(), ...builtAddons()].map(({ manifest }) => manifest.name);
  expect((await readdir(scope)).map((name) => `@sendense/${name}`).toSorted()).toEqual(names.toSorted());
  for (const name of await readdir(scope)) {
    expect(await realpath(path.join(scope, name))).toBe(path.join(scope, name));
    expect(await readFile(path.join(scope, name, 'package.json'), 'utf8')).not.toContain('workspace:');
  }
  const lock = await readFile(path.join(project, 'package-lock.json'), 'utf8');
  expect(lock).not.toContain('"link": true');
  expect(lock).not.toContain(root);
});

it('type-checks the quick start and the contracts, strictly, as NodeNext modules', async () => {
  const options = [
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--lib',
    'es2024,esnext.disposable',
  ];
  const tsc = path.join(root, 'node_modules/.bin/tsc');
  const checks = [
    '--noEmit',
    '--types',
    'node',
    '--exactOptionalPropertyTypes',
    '--noUncheckedIndexedAccess',
  ];
  const { stdout } = await shell(tsc, [...options, ...checks, '--ignoreConfig', 'quick-start.ts']);
  expect(stdout).toBe('');
});

it('backs a raw disk up and restores the same bytes by the quick start', async () => {
  const { stdout } = await shell('node', ['quick-start.ts']);
  expect(JSON.parse(stdout)).toEqual({
    kind: 'full',
    known: true,
    verified: true,
    equal: true,
    missing: 'NOT_FOUND',
  });
});

it('runs sendense-ctl from node_modules/.bin', async () => {
  const ctl = path.join(project, 'node_modules', '.bin', 'sendense-ctl');
  expect((await shell(ctl, ['--help'])).stdout).toContain('Usage: sendense-ctl');
  const doctor = JSON.parse((await shell(ctl, ['doctor', '--json'])).stdout) as { checks: object[] };
  expect(doctor.checks).toContainEqual(expect.objectContaining({ name: 'node', ok: true }));
});

it('measures a row of the bench by the built command line and prints what scripts read', async () => {
  const bench = [path.join(root, 'bench/main.ts'), '--no-build', '--json', '--folder', folder];
  const rows = ['--only', 'backup-image', '--only', 'memory-1g'];
  const small = ['--size', '4M', '--pairs', '1', '--destination', 'disk', '--data', 'rnd'];
  const { stdout } = await execa(process.execPath, [...process.execArgv, ...bench, ...rows, ...small]);
  const report = JSON.parse(stdout) as { results: { name: string }[] };
  expect(report).toMatchObject({
    machine: { cores: expect.any(Number) },
    versions: { sendense: expect.any(String), 'qemu-img': expect.any(String) },
  });
  const measured = { ours: expect.any(Number), interval: expect.any(Array), met: expect.any(Boolean) };
  const pair = { ...measured, name: 'backup-image', theirs: expect.any(Number), ratio: expect.any(Number) };
  expect(report.results).toEqual([
    expect.objectContaining({ ...pair, peer: 'qemu-img -t writeback', bar: 0.5, reason: null }),
    expect.objectContaining({ ...pair, peer: 'qemu-img -t none -m 8', bar: 1, reason: null }),
    expect.objectContaining({
      ...measured,
      name: 'memory-1g',
      theirs: null,
      ratio: null,
      bar: 192 * 2 ** 20,
    }),
  ]);
});
