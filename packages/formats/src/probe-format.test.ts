import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { probeFormat } from './probe-format.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-probe-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function probed(...parts: (string | number)[]): Promise<string> {
  const bytes = parts.map((part) =>
    typeof part === 'number' ? Buffer.alloc(part) : Buffer.from(part, 'latin1'),
  );
  const path = join(folder, 'disk');
  await writeFile(path, Buffer.concat(bytes));
  return await probeFormat(path);
}

it.each([
  ['qcow2', 'QFI\xfb'],
  ['vmdk', 'KDMV'],
  ['vmdk', 'COWD'],
  ['vmdk', '\xbe\xba\xfe\xca\0\0\0\0'],
  ['vmdk', '# Disk DescriptorFile\nversion=1\n'],
  ['vmdk', '\r\n# disk descriptorfile\r\n'],
  ['vhdx', 'vhdxfile'],
  ['vhd', 'conectix'],
])('knows %s by its front', async (format, magic) => {
  expect(await probed(magic, 2048)).toBe(format);
  expect(await probed(1, magic, 2048)).toBe('raw');
});

it('knows a VHD without a front copy by its footer, also one of 511 bytes', async () => {
  expect(await probed(4096, 'conectix', 504)).toBe('vhd');
  expect(await probed(4096, 'conectix', 503)).toBe('vhd');
  expect(await probed(4096, 'conectix', 505)).toBe('raw');
});

it('calls an empty file, and one of a few bytes, raw', async () => {
  expect(await probed()).toBe('raw');
  expect(await probed('conectiy', 3)).toBe('raw');
});
