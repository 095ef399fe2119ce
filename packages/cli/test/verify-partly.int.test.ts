import { mkdtemp, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ctlJson, jsonOf, runCtl } from './run-ctl.ts';
import { changeDisk, noise } from './sample-disk.ts';

const MIB = 1 << 20;
const ENV = { SENDENSE_PASSPHRASE: 'hunter2 hunter2' };
const repository = ['--repository', 'dir:objects'];
const verify = ['verify', ...repository];
/** Too short for more than what is read at once. */
const step = [...verify, '--time-budget', '1ms'];

type Result = {
  checkedBytes: number;
  complete: boolean;
  depth: string;
  samplePercent: number;
  pointsChecked: string[] | null;
  pointsLeft: string[];
  cursor: string | null;
  findings: { severity: string; code: string; pointId: string; object: string }[];
};

let home = '';
let points: string[] = [];
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sendense-cli-'));
  await writeFile(join(home, 'disk.raw'), noise(6 * MIB, 'disk'));
  await ctlJson(home, ['repository', 'init', ...repository, '--chunk-size', '64K'], 0, ENV);
  const start = ['backup', 'start', '--source', 'image:disk.raw', ...repository];
  const full = await ctlJson(home, start, 0, ENV);
  await changeDisk(join(home, 'disk.raw'), MIB, 4096, 'change');
  const next = await ctlJson(home, start, 0, ENV);
  points = [full, next].map(({ pointId }) => String(pointId));
}, 120_000);
afterAll(() => rm(home, { recursive: true, force: true }));

const result = async (args: readonly string[], code = 0) =>
  (await ctlJson(home, args, code, ENV)) as unknown as Result;

async function failure(args: readonly string[]) {
  const run = await runCtl(home, [...args, '--json'], ENV);
  return {
    exit: run.code,
    ...(jsonOf(run) as { error: { code: string; message: string; remedy: string } }).error,
  };
}

/** Verifies step by step until nothing is left. */
async function inSteps(first: Result): Promise<readonly Result[]> {
  const results = [first];
  for (let { cursor } = first; cursor !== null; ) {
    const told = await result([...step, '--resume', cursor]);
    results.push(told);
    cursor = results.length < 50 ? told.cursor : null;
  }
  return results;
}

describe('verify of an object repository', () => {
  it('says that it read everything, and how much that was', async () => {
    const all = await result(verify);
    expect(all).toMatchObject({
      complete: true,
      depth: 'data',
      samplePercent: 100,
      pointsChecked: points,
      pointsLeft: [],
      cursor: null,
    });
    expect(all.checkedBytes).toBeGreaterThan(6 * MIB);
    expect(all.checkedBytes).toBeLessThan(7 * MIB);
  });

  it('stops when its time is over, and goes on by the cursor until nothing is left', async () => {
    const first = await result(step);
    expect(first).toMatchObject({ complete: false, pointsChecked: [], pointsLeft: points });
    expect(first.findings).toMatchObject([{ severity: 'warning', code: 'verify-stopped' }]);
    expect(first.checkedBytes).toBeLessThan(3 * MIB);
    const results = await inSteps(first);
    expect(results.length).toBeGreaterThan(2);
    expect(results.at(-1)).toMatchObject({
      complete: true,
      pointsChecked: points,
      pointsLeft: [],
      cursor: null,
    });
    const bytes = results.reduce((sum, { checkedBytes }) => sum + checkedBytes, 0);
    expect(bytes).toBeGreaterThan(6 * MIB);
    expect(bytes).toBeLessThan(7 * MIB);
    const { stdout } = await runCtl(home, step, ENV);
    expect(stdout).toMatch(/not complete: 2 points are left; go on with\n {2}--resume [\w.-]+\n$/);
  });

  it('reads a sample, says that it is one, and what it leaves unseen', async () => {
    const sample = await result([...verify, '--sample', '25%']);
    expect(sample).toMatchObject({ complete: true, samplePercent: 25, pointsChecked: points });
    expect(sample.checkedBytes).toBeLessThan(4 * MIB);
    const { stdout } = await runCtl(home, [...verify, '--sample', '25'], ENV);
    expect(stdout).toContain('only 25 % of the data are read');
    const structure = await result([...verify, '--structure-only']);
    expect(structure).toMatchObject({ depth: 'structure', samplePercent: 0, complete: true });
    expect(structure.checkedBytes).toBeLessThan(MIB);
  });

  it('refuses a cursor of another verification, and flags that make no sense, by what is wrong', async () => {
    const { cursor } = await result(step);
    const resume = ['--resume', String(cursor)];
    const wrong = { exit: 2, code: 'CONFIG_INVALID' };
    expect(await failure([...verify, ...resume, '--backup-id', points[0] ?? ''])).toMatchObject(wrong);
    expect(await failure([...verify, ...resume, '--sample', '5'])).toMatchObject({
      ...wrong,
      message: expect.stringContaining('reads 1 of the data') as string,
    });
    expect(await failure([...verify, '--resume', 'x'])).toMatchObject(wrong);
    expect(await failure([...verify, '--sample', '5', '--structure-only'])).toMatchObject(wrong);
    expect(await failure([...verify, '--sample', '0'])).toMatchObject(wrong);
    expect(await failure([...verify, '--time-budget', 'soon'])).toMatchObject(wrong);
  });
});

it('verify of a repository of chains refuses what that does not offer, and says what does', async () => {
  await ctlJson(home, ['repository', 'init', '--repository', 'chains']);
  const chains = ['verify', '--repository', 'chains'];
  for (const flags of [
    ['--sample', '5'],
    ['--time-budget', '30m'],
    ['--resume', 'x'],
  ])
    expect(await failure([...chains, ...flags])).toMatchObject({
      exit: 1,
      code: 'UNSUPPORTED',
      message: expect.stringContaining(flags[0] ?? '') as string,
      remedy: expect.stringContaining('dir:') as string,
    });
  expect(await ctlJson(home, chains)).toMatchObject({
    complete: true,
    depth: 'data',
    samplePercent: 100,
    pointsChecked: null,
    pointsLeft: [],
    cursor: null,
  });
});

/** The largest pack of the repository. */
async function largestPack(): Promise<string> {
  const packs = join(home, 'objects', 'packs');
  const names = (await readdir(packs, { recursive: true })).map((name) => join(packs, name));
  const sizes = await Promise.all(names.map(async (name) => ({ name, size: (await stat(name)).size })));
  return sizes.toSorted((a, b) => b.size - a.size)[0]?.name ?? '';
}

/** Changes a byte of a file, and back again. */
async function flipByte(path: string): Promise<void> {
  await using file = await open(path, 'r+');
  const byte = new Uint8Array(1);
  await file.read(byte, 0, 1, 100);
  await file.write(Uint8Array.of((byte[0] ?? 0) ^ 1), 0, 1, 100);
}

it('verify ends with 3 in each step after one that found damage, also in the last one, by cursors from a file', async () => {
  const pack = await largestPack();
  await flipByte(pack);
  const exits: (number | null)[] = [];
  let last: Result | undefined;
  for (let more: readonly string[] = []; last?.complete !== true && exits.length < 50; ) {
    const run = await runCtl(home, [...step, ...more, '--json'], ENV);
    exits.push(run.code);
    last = jsonOf(run) as unknown as Result;
    await writeFile(join(home, 'cursor'), `${last.cursor}\n`);
    more = ['--resume', '@cursor'];
  }
  await flipByte(pack);
  const first = exits.indexOf(3);
  expect(first).toBeGreaterThan(-1);
  expect(exits.length).toBeGreaterThan(first + 1);
  expect(exits.slice(first).every((code) => code === 3)).toBe(true);
  const errors = last?.findings.filter(({ severity }) => severity === 'error');
  expect(errors?.map(({ code }) => code)).toEqual(['damage-told-before']);
});

describe('verify of an object repository with a pack that is gone', () => {
  it('names the points that it hurts in whichever step, and ends with 3', async () => {
    await rm(await largestPack());
    const hurt = (told: Result) =>
      told.findings.filter(({ code }) => code === 'disk-damaged').map(({ pointId }) => pointId);
    expect(hurt(await result(verify, 3))).toEqual(points);
    const first = await result(step, 3);
    expect(first).toMatchObject({ complete: false, pointsLeft: points });
    const rest = await result([...verify, '--resume', String(first.cursor)], 3);
    expect([...hurt(first), ...hurt(rest)]).toEqual(points);
    expect(rest).toMatchObject({ complete: true, pointsChecked: points });
    // each run looks whether the packs are there, and so tells it again
    expect([first, rest].map(({ findings }) => findings[0]?.code)).toEqual(['pack-missing', 'pack-missing']);
    expect(rest.findings.map(({ code }) => code)).not.toContain('damage-told-before');
  });
});
