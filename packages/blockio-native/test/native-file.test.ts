import { mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNativeDriver } from '@sendense/blockio-native';
import type { Extent } from '@sendense/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeNative } from './fixtures.ts';

const MIB = 1024 * 1024;
let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-native-'));
  path = join(folder, 'disk');
});
afterEach(() => rm(folder, { recursive: true }));

/** A file of `sizeBytes` that holds a mebibyte at each of `parts`, and holes elsewhere. */
async function sparse(sizeBytes: number, parts: readonly number[]): Promise<{ kind: 'file'; path: string }> {
  await using handle = await open(path, 'w');
  await handle.truncate(sizeBytes);
  for (const part of parts) await handle.write(Buffer.alloc(MIB, 1), 0, MIB, part);
  await handle.sync();
  return { kind: 'file', path };
}

async function listed(extents: AsyncIterable<Extent>): Promise<(string | number)[][]> {
  const rows: (string | number)[][] = [];
  for await (const { kind, offset, length } of extents) rows.push([kind, offset / MIB, length / MIB]);
  return rows;
}

describeNative('the native reader', () => {
  it('tells holes as proven zeros, and joins what lies together', async () => {
    await using reader = await createNativeDriver().openReader(
      await sparse(16 * MIB, [2 * MIB, 3 * MIB, 9 * MIB]),
    );
    expect(await listed(reader.extents({ offset: 0, length: 16 * MIB }))).toEqual([
      ['zero', 0, 2],
      ['data', 2, 2],
      ['zero', 4, 5],
      ['data', 9, 1],
      ['zero', 10, 6],
    ]);
    expect(await listed(reader.extents({ offset: 3 * MIB, length: 2 * MIB }))).toEqual([
      ['data', 3, 1],
      ['zero', 4, 1],
    ]);
  });

  it('goes through more extents than one call lists', async () => {
    const count = 2500;
    const step = 8192;
    await using handle = await open(path, 'w');
    await handle.truncate(count * step);
    for (let index = 0; index < count; index++) await handle.write(Buffer.alloc(1, 1), 0, 1, index * step);
    await handle.sync();
    await using reader = await createNativeDriver().openReader({ kind: 'file', path });
    let at = 0;
    let apart = 0;
    for await (const { offset, length } of reader.extents({ offset: 0, length: count * step })) {
      if (offset !== at) apart += 1;
      at += length;
    }
    expect({ apart, at }).toEqual({ apart: 0, at: count * step });
  });

  it('stops listing when it is aborted', async () => {
    await using reader = await createNativeDriver().openReader(await sparse(16 * MIB, []));
    const all = reader.extents({ offset: 0, length: 16 * MIB }, { signal: AbortSignal.abort() });
    await expect(listed(all)).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('says NOT_OPEN-like failures by code once it was closed, however often that was', async () => {
    const reader = await createNativeDriver().openReader(await sparse(MIB, []));
    const reading = reader.read(0, new Uint8Array(512));
    await reader[Symbol.asyncDispose]();
    await reader[Symbol.asyncDispose]();
    await reading;
    await expect(reader.read(0, new Uint8Array(512))).rejects.toMatchObject({ code: 'UNEXPECTED' });
  });
});

describeNative('the native writer', () => {
  it('zeroes exactly a range and gives its space back', async () => {
    await writeFile(path, Buffer.alloc(8 * MIB, 5));
    const before = (await stat(path)).blocks;
    await using writer = await createNativeDriver().openWriter({ kind: 'file', path });
    await writer.zero(MIB + 10, 6 * MIB - 20);
    await writer.flush();
    const content = await readFile(path);
    const expected = Buffer.alloc(8 * MIB, 5).fill(0, MIB + 10, 7 * MIB - 10);
    expect(Buffer.compare(content, expected)).toBe(0);
    expect((await stat(path)).blocks).toBeLessThan(before / 2);
  });

  it('zeroes a hole of 8 TiB without taking space for it', async () => {
    await using writer = await createNativeDriver().openWriter(await sparse(2 ** 43, [2 ** 42]));
    await writer.zero(0, 2 ** 43);
    await writer.flush();
    expect((await stat(path)).blocks).toBeLessThan(64);
  });

  it('rejects everything after one failed write', async () => {
    await writeFile(path, Buffer.alloc(4096));
    await using writer = await createNativeDriver().openWriter({ kind: 'file', path });
    // no file reaches that far: EFBIG
    await expect(writer.write(Number.MAX_SAFE_INTEGER - 512, new Uint8Array(512))).rejects.toMatchObject({
      code: 'NO_SPACE',
    });
    await expect(writer.write(0, new Uint8Array(512))).rejects.toMatchObject({ code: 'NOT_OPEN' });
    await expect(writer.flush()).rejects.toMatchObject({ code: 'NOT_OPEN' });
  });
});
