import { rename, truncate, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { captureId } from '@sendense/core';
import { createVhd } from '@sendense/formats/vhd';
import { type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';
import type { ImageSourceOptions } from '@sendense/source-image';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { machineOf, STREAM, Workbench } from './workbench.ts';

let bench: Workbench;
let path: string;
beforeEach(async () => {
  bench = await Workbench.open();
  path = bench.path('disk.raw');
  await writeFile(path, new Uint8Array(65_536).fill(1));
});
afterEach(() => bench[Symbol.asyncDispose]());

/** The instant that a process of its own freezes. */
async function instant(
  id = 'capture-1',
  services: Parameters<Workbench['source']>[1] = {},
  options: Partial<ImageSourceOptions> = {},
): Promise<string> {
  await using source = bench.source({ path, format: 'raw', ...options }, services);
  const consistency = { want: 'crash', accept: 'crash' } as const;
  const machine = await machineOf(source);
  await using capture = await source.capture({
    id: captureId(id),
    stream: STREAM,
    machine,
    since: [],
    consistency,
  });
  return capture.instant.id;
}

describe('the instant of an image at rest', () => {
  it('is found again by a capture of the same id while nobody writes', async () => {
    expect(await instant()).toBe(await instant());
  });

  it('is another for another capture', async () => {
    expect(await instant('capture-2')).not.toBe(await instant());
  });

  it('is another once somebody wrote, even who sets the time of the last write back', async () => {
    const before = await instant();
    const written = new Date(Date.now() - 60_000);
    await utimes(path, written, written);
    const older = await instant();
    expect(older).not.toBe(before);
    await writeFile(path, new Uint8Array(65_536).fill(2));
    await utimes(path, written, written);
    expect(await instant()).not.toBe(older);
  });

  it('is another for another size', async () => {
    const before = await instant();
    await truncate(path, 131_072);
    expect(await instant()).not.toBe(before);
  });

  it('is another for another format of the same file', async () => {
    const file = bench.path('disk.vhd');
    {
      await using writer = await createVhd(file, { sizeBytes: 65_536, subformat: 'fixed' });
      await writer.flush();
    }
    const readAs = (format: 'raw' | 'vhd') => instant('capture-1', {}, { path: file, format });
    expect(await readAs('vhd')).toBe(await readAs('vhd'));
    expect(await readAs('vhd')).not.toBe(await readAs('raw'));
  });

  it.each([
    ['replaced', (next: string) => rename(next, path)],
    ['written to', () => writeFile(path, new Uint8Array(65_536).fill(2))],
  ])('is not that of a file that was %s after it was opened', async (_what, change) => {
    const next = bench.path('next');
    await writeFile(next, new Uint8Array(65_536).fill(2));
    const fileSystem: FileSystem = {
      ...nodeFileSystem,
      async open(file, mode) {
        const handle = await nodeFileSystem.open(file, mode);
        await change(next);
        // As quiet as a file that tells its bytes by its times.
        await delay(100);
        return handle;
      },
    };
    const ofOpened = await instant('capture-1', { fileSystem }, { track: 'off' });
    await delay(100);
    const after = await instant();
    expect(ofOpened).not.toBe(after);
    expect(await instant()).toBe(after);
  });

  it('is always another where times of changes are in whole seconds, not told, or of this very moment', async () => {
    const withChange = (changedNs?: bigint) => ({
      fileSystem: {
        ...nodeFileSystem,
        async stat(file: string) {
          const status = await nodeFileSystem.stat(file);
          if (status === undefined) return undefined;
          const { changedNs: _, ...rest } = status;
          return changedNs === undefined ? rest : { ...rest, changedNs };
        },
      },
    });
    const nowNs = BigInt(Date.now()) * 1_000_000n;
    for (const changedNs of [undefined, 1_700_000_000_000_000_000n, nowNs + 3_600_000_000_001n])
      expect(await instant('capture-1', withChange(changedNs))).not.toBe(
        await instant('capture-1', withChange(changedNs)),
      );
    const settled = withChange(1_700_000_000_000_000_001n);
    expect(await instant('capture-1', settled)).toBe(await instant('capture-1', settled));
  });
});
