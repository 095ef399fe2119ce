import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SendenseError } from '@sendense/core';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileDriver } from './blockio-file.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-file-'));
  path = join(folder, 'disk');
});
afterEach(() => rm(folder, { recursive: true }));

const driver = createFileDriver();

describe('the file driver', () => {
  it('supports files and devices, and nothing else', () => {
    const nbd = { kind: 'nbd', address: { kind: 'unix', path: '/s' }, export: '' } as const;
    expect(driver.supports({ kind: 'file', path }, 'read')).toBe(true);
    expect(driver.supports({ kind: 'device', path }, 'write')).toBe(true);
    expect(driver.supports(nbd, 'read')).toBe(false);
  });

  it('opens a destination without changing a byte of it', async () => {
    await writeFile(path, 'as it was');
    await using writer = await driver.openWriter({ kind: 'file', path });
    await writer.flush();
    expect(writer.sizeBytes).toBe(9);
    expect(await readFile(path, 'utf8')).toBe('as it was');
  });

  it.each([
    ['NOT_FOUND', 'file', 'nothing'],
    ['UNSUPPORTED', 'file', '.'],
    ['UNSUPPORTED', 'file', 'pipe'],
    ['UNSUPPORTED', 'device', 'disk'],
  ] as const)('rejects with %s for a %s that is %s', async (code, kind, name) => {
    await writeFile(path, '');
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const endpoint = { kind, path: join(folder, name) };
    await expect(driver.openReader(endpoint)).rejects.toMatchObject({ code });
    await expect(driver.openWriter(endpoint)).rejects.toMatchObject({ code });
  });

  it('zeroes data and leaves holes as they are', async () => {
    const mib = 1024 * 1024;
    await writeFile(path, Buffer.alloc(mib, 5));
    await truncate(path, 8 * mib);
    const before = (await stat(path)).blocks;
    await using writer = await driver.openWriter({ kind: 'file', path });
    await writer.zero(10, 8 * mib - 10);
    await writer.flush();
    const content = await readFile(path);
    expect(content.subarray(0, 10)).toEqual(Buffer.alloc(10, 5));
    expect(Buffer.compare(content.subarray(10), Buffer.alloc(8 * mib - 10))).toBe(0);
    expect((await stat(path)).blocks).toBe(before);
  });

  it('rejects everything after one failed write', async () => {
    await writeFile(path, Buffer.alloc(4096));
    let full = true;
    const failing = createFileDriver(
      {},
      {
        fileSystem: {
          ...nodeFileSystem,
          open: async (name, mode) => {
            const handle = await nodeFileSystem.open(name, mode);
            handle.write = async () => {
              if (full) throw new SendenseError('NO_SPACE', 'full', { operation: 'write-file' });
            };
            return handle;
          },
        },
      },
    );
    await using writer = await failing.openWriter({ kind: 'file', path });
    await expect(writer.write(0, new Uint8Array(512))).rejects.toMatchObject({ code: 'NO_SPACE' });
    full = false;
    await expect(writer.write(0, new Uint8Array(512))).rejects.toMatchObject({ code: 'NOT_OPEN' });
    await expect(writer.flush()).rejects.toMatchObject({ code: 'NOT_OPEN' });
  });

  it('says INSTANT_LOST when the file is cut short while it is open', async () => {
    await writeFile(path, Buffer.alloc(4096));
    await using reader = await driver.openReader({ kind: 'file', path });
    await truncate(path, 100);
    await expect(reader.read(0, new Uint8Array(4096))).rejects.toMatchObject({ code: 'INSTANT_LOST' });
  });
});
