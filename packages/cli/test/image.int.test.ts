import { execFile } from 'node:child_process';
import { access, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ctlJson, jsonOf, runCtl } from './run-ctl.ts';
import { changeDisk, makeDisk } from './sample-disk.ts';

const run = promisify(execFile);
const MIB = 1 << 20;

let home: string;
let raw: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sendense-image-'));
  raw = join(home, 'disk.raw');
  await makeDisk(raw, 4 * MIB);
});
afterAll(() => rm(home, { recursive: true }));

describe('image convert', () => {
  it('makes a file that qemu-img reads the same, and tells what it is', async () => {
    const told = await ctlJson(home, ['image', 'convert', 'disk.raw', 'new.qcow2', '--format', 'qcow2']);
    expect(told).toMatchObject({ format: 'qcow2', subformat: 'plain', virtualSizeBytes: 4 * MIB });
    expect(told.fileSizeBytes).toBeGreaterThan(MIB);
    expect(told.durationMs).toBeGreaterThan(0);
    await run('qemu-img', ['compare', '-f', 'raw', '-F', 'qcow2', raw, join(home, 'new.qcow2')]);
  });

  it('refuses a target that is there, unless it may be overwritten, and leaves nothing beside it', async () => {
    const args = ['image', 'convert', 'disk.raw', 'there.raw', '--format', 'raw'];
    await writeFile(join(home, 'there.raw'), 'mine');
    const refused = await runCtl(home, [...args, '--json']);
    expect(refused.code).toBe(1);
    expect(jsonOf(refused)).toMatchObject({ error: { code: 'ALREADY_EXISTS' } });
    await ctlJson(home, [...args, '--overwrite']);
    await run('cmp', [raw, join(home, 'there.raw')]);
    expect((await readdir(home)).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('calls a subformat that is not written a wrong flag, and names those that are', async () => {
    const args = [
      'image',
      'convert',
      'disk.raw',
      'never',
      '--format',
      'vhdx',
      '--subformat',
      'thick',
      '--json',
    ];
    const refused = await runCtl(home, args);
    expect(refused.code).toBe(2);
    expect(jsonOf(refused)).toMatchObject({ error: { remedy: 'use one of dynamic, fixed' } });
    await expect(access(join(home, 'never'))).rejects.toThrow('ENOENT');
  });

  it('opens a backing file only in a folder that is allowed', async () => {
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', raw, '-F', 'raw', join(home, 'top.qcow2')]);
    const args = ['image', 'convert', 'top.qcow2', 'flat.raw', '--format', 'raw'];
    const refused = await runCtl(home, args);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`add --parents "${home}"`);
    await ctlJson(home, [...args, '--parents', '.']);
    await run('cmp', [raw, join(home, 'flat.raw')]);
  });
});

describe('image info', () => {
  it('tells what qemu-img tells of a file, by its content', async () => {
    const image = join(home, 'info.img');
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'vmdk', raw, image]);
    expect(await ctlJson(home, ['image', 'info', image])).toMatchObject({
      format: 'vmdk',
      subformat: 'monolithicSparse',
      virtualSizeBytes: 4 * MIB,
      clusterBytes: 65_536,
      backing: null,
      dirty: false,
      warnings: [],
    });
  });
});

describe('image map', () => {
  it('lists data and zeros, as one object or as lines', async () => {
    const image = join(home, 'map.qcow2');
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, image]);
    const extents = [
      { offset: 0, length: MIB, kind: 'data', depth: 0 },
      { offset: MIB, length: 3 * MIB, kind: 'zero', depth: 0 },
    ];
    expect(await ctlJson(home, ['image', 'map', image])).toEqual({ extents, findings: [] });
    const { code, lines } = await runCtl(home, ['image', 'map', image, '--jsonl']);
    expect([code, lines.map((line): unknown => JSON.parse(line))]).toEqual([0, extents]);
    expect((await runCtl(home, ['image', 'map', image])).lines).toEqual([
      ' OFFSET   LENGTH  KIND  DEPTH',
      '      0  1048576  data      0',
      '1048576  3145728  zero      0',
    ]);
  });
});

describe('image compare', () => {
  it('ends with 0 for equal disks and with 3 and the first different byte for others', async () => {
    const [same, other] = [join(home, 'same.vmdk'), join(home, 'other.raw')];
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'vmdk', raw, same]);
    const equal = await ctlJson(home, ['image', 'compare', raw, same]);
    expect(equal).toEqual({ equal: true, firstDifferenceOffset: null, findings: [] });
    await makeDisk(other, 4 * MIB);
    await changeDisk(other, 3 * MIB + 7, 1, 'changed');
    const told = await ctlJson(home, ['image', 'compare', same, other], 3);
    expect(told).toEqual({ equal: false, firstDifferenceOffset: 3 * MIB + 7, findings: [] });
  });

  it('takes a longer tail of zeros for equal, unless it is strict', async () => {
    const longer = join(home, 'longer.raw');
    await makeDisk(longer, 4 * MIB);
    await truncate(longer, 5 * MIB);
    expect(await ctlJson(home, ['image', 'compare', raw, longer])).toMatchObject({ equal: true });
    const strict = await ctlJson(home, ['image', 'compare', longer, raw, '--strict'], 3);
    expect(strict).toEqual({ equal: false, firstDifferenceOffset: 4 * MIB, findings: [] });
  });
});

describe('image check', () => {
  it('ends with 0 for sound images and with 3 for damage, which it names', async () => {
    const image = join(home, 'check.vmdk');
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'vmdk', raw, image]);
    expect(await ctlJson(home, ['image', 'check', image])).toEqual({ errors: 0, leaks: 0, findings: [] });
    await truncate(image, MIB);
    const damaged = await ctlJson(home, ['image', 'check', image], 3);
    expect(damaged.errors).toBeGreaterThan(0);
    expect(damaged.findings).toMatchObject([{ severity: 'error' }]);
  });
});
