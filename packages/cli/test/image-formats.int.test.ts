import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DiskFormat } from '@sendense/core';
import { createFormatConverter } from '@sendense/formats/convert';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ctlJson, runCtl } from './run-ctl.ts';
import { changeDisk, makeDisk, noise } from './sample-disk.ts';

const run = promisify(execFile);
const MIB = 1 << 20;
/** No multiple of a sector. */
const ODD = 4 * MIB + 100;

let home: string;
let raw: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sendense-image-formats-'));
  raw = join(home, 'disk.raw');
  await makeDisk(raw, 4 * MIB);
  await writeFile(join(home, 'odd.raw'), noise(ODD, 'odd'));
});
afterAll(() => rm(home, { recursive: true }));

describe.each([
  { format: 'vhd', qemu: ['-O', 'vpc', '-o', 'force_size=on'], dataBytes: 2 * MIB },
  { format: 'vhdx', qemu: ['-O', 'vhdx', '-o', 'block_size=1M'], dataBytes: MIB },
] as const)('a $format that QEMU made', ({ format, qemu, dataBytes }) => {
  const image = `disk.${format}`;
  beforeAll(() => run('qemu-img', ['convert', '-f', 'raw', ...qemu, 'disk.raw', image], { cwd: home }));

  it('is mapped by its blocks', async () => {
    const extents = [
      { offset: 0, length: dataBytes, kind: 'data', depth: 0 },
      { offset: dataBytes, length: 4 * MIB - dataBytes, kind: 'zero', depth: 0 },
    ];
    expect(await ctlJson(home, ['image', 'map', image])).toEqual({ extents, findings: [] });
  });

  it('is equal to the disk it was made of, and different from one byte on when that is changed', async () => {
    const other = `other-${format}.raw`;
    await copyFile(raw, join(home, other));
    expect(await ctlJson(home, ['image', 'compare', image, 'disk.raw'])).toMatchObject({ equal: true });
    await changeDisk(join(home, other), 2 * MIB + 9, 1, format);
    const told = await ctlJson(home, ['image', 'compare', image, other, '--format-a', format], 3);
    expect(told).toMatchObject({ equal: false, firstDifferenceOffset: 2 * MIB + 9 });
  });

  it('is sound, and damaged when its end is cut off in the middle of its data', async () => {
    expect(await ctlJson(home, ['image', 'check', image])).toEqual({ errors: 0, leaks: 0, findings: [] });
    const cut = `cut.${format}`;
    await copyFile(join(home, image), join(home, cut));
    const { size } = await stat(join(home, cut));
    await truncate(join(home, cut), size - MIB);
    const damaged = await ctlJson(home, ['image', 'check', cut, '--format', format], 3);
    expect(damaged.errors).toBeGreaterThan(0);
    expect(damaged.findings).toContainEqual(expect.objectContaining({ severity: 'error' }));
  });
});

describe('what a careful user should know of an image', () => {
  const warning = { severity: 'warning', code: 'size-not-sectors' };

  it('is told by image map: before its table, in its object, and beside its lines', async () => {
    expect(await ctlJson(home, ['image', 'map', 'odd.raw'])).toMatchObject({ findings: [warning] });
    const table = await runCtl(home, ['image', 'map', 'odd.raw']);
    expect(table.lines).toEqual([
      expect.stringContaining('warning: the size'),
      ' OFFSET   LENGTH  KIND  DEPTH',
      '      0  4194404  data      0',
    ]);
    const lines = await runCtl(home, ['image', 'map', 'odd.raw', '--jsonl']);
    expect(lines.lines.map((line): unknown => JSON.parse(line))).toEqual([
      { offset: 0, length: ODD, kind: 'data', depth: 0 },
    ]);
    expect(lines.stderr).toContain('warning: the size');
  });

  it('is told by image compare with the image it is about', async () => {
    const told = await ctlJson(home, ['image', 'compare', 'disk.raw', 'odd.raw'], 3);
    expect(told.findings).toMatchObject([{ ...warning, object: 'odd.raw' }]);
    const { lines } = await runCtl(home, ['image', 'compare', 'odd.raw', 'disk.raw']);
    expect(lines[0]).toContain('warning: odd.raw: the size');
    expect(lines[1]).toContain('different from byte');
  });
});

describe('image convert --size-for', () => {
  it.each([
    { place: 'azure', format: 'vhd', sizeBytes: 20 * MIB, fileBytes: 20 * MIB + 512, subformat: 'fixed' },
    { place: 'aws', format: 'raw', sizeBytes: 1024 * MIB, fileBytes: 1024 * MIB, subformat: null },
  ])('makes a $format of the size that $place takes, and tells it', async ({ place, ...made }) => {
    const { format, sizeBytes, fileBytes, subformat } = made;
    const target = `for-${place}`;
    const args = ['image', 'convert', 'odd.raw', target, '--format', format, '--size-for', place];
    const told = await ctlJson(home, args);
    expect(told).toMatchObject({ format, subformat, virtualSizeBytes: sizeBytes, fileSizeBytes: fileBytes });
    expect(told.findings).toContainEqual(expect.objectContaining({ code: 'size-rounded-up' }));
    expect((await stat(join(home, target))).size).toBe(fileBytes);
    const compare = ['image', 'compare', 'odd.raw', target, '--format-b', format];
    expect(await ctlJson(home, compare)).toMatchObject({ equal: true });
  });

  it('refuses a kind that the place does not take', async () => {
    const args = ['image', 'convert', 'odd.raw', 'never', '--format', 'vhd', '--size-for', 'azure'];
    const told = await ctlJson(home, [...args, '--subformat', 'dynamic'], 2);
    expect(told).toMatchObject({ error: { code: 'CONFIG_INVALID' } });
    expect(await readdir(home)).not.toContain('never');
  });
});

describe('image convert --resume', () => {
  /** What a conversion leaves that is stopped behind its first MiB. */
  async function stopped(target: string, format: DiskFormat): Promise<void> {
    const stop = new AbortController();
    const converter = createFormatConverter({ resume: true, checkpointBytes: MIB });
    const request = {
      source: { path: raw },
      target: { path: join(home, target), format },
      overwrite: false,
    };
    const onProgress = ({ done }: { readonly done: number }) => void (done > MIB && stop.abort());
    const ended = converter.convert(request, { signal: stop.signal, onProgress });
    await expect(ended).rejects.toMatchObject({ code: 'ABORTED' });
  }

  const args = (target: string) => ['image', 'convert', 'disk.raw', target, '--format', 'raw', '--resume'];

  it('goes on with what was kept, and tells how much that is', async () => {
    await stopped('resumed', 'raw');
    expect(await readdir(home)).toContain('resumed.partial');
    const { findings } = await ctlJson(home, args('resumed'));
    expect(findings).toMatchObject([{ severity: 'info', code: 'conversion-resumed' }]);
    await run('cmp', [raw, join(home, 'resumed')]);
    expect(await readdir(home)).not.toContain('resumed.partial');
  });

  it('begins again when another target is asked for, and tells why', async () => {
    await stopped('again', 'qcow2');
    const { lines } = await runCtl(home, args('again'));
    expect(lines[0]).toContain('was begun again: another target was asked for');
    await run('cmp', [raw, join(home, 'again')]);
  });
});
