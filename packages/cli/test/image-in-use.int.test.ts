import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeWithPeers } from '@sendense/tests/peers';
import { heldByQemu } from '@sendense/tests/qemu';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ctlJson, jsonOf, runCtl } from './run-ctl.ts';
import { makeDisk } from './sample-disk.ts';

const run = promisify(execFile);
const MIB = 1 << 20;

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sendense-in-use-'));
  await makeDisk(join(home, 'disk.raw'), 4 * MIB);
  const convert = ['convert', '-f', 'raw', '-O', 'qcow2', 'disk.raw', 'base.qcow2'];
  await run('qemu-img', convert, { cwd: home });
  const create = ['create', '-q', '-f', 'qcow2', '-b', 'base.qcow2', '-F', 'qcow2', 'top.qcow2'];
  await run('qemu-img', create, { cwd: home });
});
afterAll(() => rm(home, { recursive: true }));

const parents = ['--parents', '.'];

/** The only line that a verb prints which fails. */
async function failureOf(args: readonly string[]): Promise<Record<string, unknown>> {
  const ended = await runCtl(home, args);
  expect(ended.code).toBe(1);
  return jsonOf(ended);
}

describeWithPeers(['qemu-img', 'qemu-storage-daemon'], 'a disk that a running QEMU writes to', () => {
  it.each([
    ['convert', ['top.qcow2', 'copy.raw', '--format', 'raw', ...parents]],
    ['check', ['top.qcow2']],
    ['map', ['top.qcow2', ...parents]],
    ['map', ['top.qcow2', '--jsonl', ...parents]],
    ['compare', ['top.qcow2', 'disk.raw', ...parents]],
    ['compare', ['disk.raw', 'top.qcow2', ...parents]],
  ])('is refused by image %s %j, which names it', async (verb, args) => {
    await using held = await heldByQemu(join(home, 'top.qcow2'));
    void held;
    const json = args.includes('--jsonl') ? [] : ['--json'];
    const told = await failureOf(['image', verb, ...args, ...json]);
    expect(told).toMatchObject({ error: { code: 'LOCKED', remedy: expect.stringContaining('stop') } });
    expect(JSON.stringify(told)).toContain(join(home, 'top.qcow2'));
    expect((await readdir(home)).filter((name) => name.includes('copy'))).toEqual([]);
  });

  it.each([
    ['map', ['top.qcow2', ...parents]],
    ['compare', ['disk.raw', 'top.qcow2', ...parents]],
  ])('is refused by image %s also below the image that is asked for', async (verb, args) => {
    await using held = await heldByQemu(join(home, 'base.qcow2'));
    void held;
    const told = await failureOf(['image', verb, ...args, '--json']);
    expect(told).toMatchObject({ error: { code: 'LOCKED' } });
    expect(JSON.stringify(told)).toContain(join(home, 'base.qcow2'));
  });

  it('is told by image info all the same, and what it only reads below is read by every verb', async () => {
    await using held = await heldByQemu(join(home, 'top.qcow2'));
    void held;
    expect(await ctlJson(home, ['image', 'info', 'top.qcow2'])).toMatchObject({ format: 'qcow2' });
    expect(await ctlJson(home, ['image', 'check', 'base.qcow2'])).toMatchObject({ errors: 0 });
    const equal = await ctlJson(home, ['image', 'compare', 'base.qcow2', 'disk.raw']);
    expect(equal).toMatchObject({ equal: true });
    expect(await ctlJson(home, ['image', 'map', 'base.qcow2'])).toMatchObject({ findings: [] });
  });
});
