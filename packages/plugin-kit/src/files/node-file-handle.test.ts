import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeFileSystem } from './node-file-system.ts';

const PAGE = 4096;

/** A page that begins where memory pages do, whatever the engine gives. */
const pages = (byte: number) =>
  new Uint8Array(new WebAssembly.Memory({ initial: 1 }).buffer, 0, PAGE).fill(byte);

declare const WebAssembly: { readonly Memory: new (limits: { initial: number }) => { buffer: ArrayBuffer } };

describe.runIf(process.platform === 'linux')('a handle past the page cache', () => {
  it('writes to the same file, which is read through the cache, even when it was renamed', async (test) => {
    const folder = await mkdtemp(join(tmpdir(), 'sendense-direct-'));
    test.onTestFinished(() => rm(folder, { recursive: true }));
    const [before, after] = [join(folder, 'before'), join(folder, 'after')];
    await using handle = await nodeFileSystem.open(before, 'create');
    await handle.write(new Uint8Array(3 * PAGE).fill(1), 0);
    await nodeFileSystem.rename(before, after);
    const direct = await handle.openPastCache?.();
    test.skip(direct === undefined, 'temporary files lie on storage that writes through the cache only');
    await direct?.write(pages(2), PAGE);
    await direct?.[Symbol.asyncDispose]();
    const wanted = Buffer.concat([1, 2, 1].map((byte) => Buffer.alloc(PAGE, byte)));
    expect(Buffer.compare(await readFile(after), wanted)).toBe(0);
    await handle.write(new Uint8Array(1), 0); // it is still open
  });

  it('is not there in memory, where nothing lies past the cache', async (test) => {
    const folder = await mkdtemp('/dev/shm/sendense-direct-');
    test.onTestFinished(() => rm(folder, { recursive: true }));
    await using handle = await nodeFileSystem.open(join(folder, 'file'), 'create');
    expect(await handle.openPastCache?.()).toBeUndefined();
  });
});
