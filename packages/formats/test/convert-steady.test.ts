import { closeSync, openSync, writeSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import type { ConvertRequest, SendenseError } from '@sendense/core';
import { createFormatConverter, type FormatConverterOptions } from '@sendense/formats/convert';
import { createQcow2 } from '@sendense/formats/qcow2';
import { createVmdk } from '@sendense/formats/vmdk';
import { type ImageUse, nodeFileSystem } from '@sendense/plugin-kit/files';
import { seededBytes } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { failingFileSystem, locksOf } from './conversions.ts';
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts';

const MIB = 1024 * 1024;
/** More than a copy has in its hands at once. */
const SIZE = 24 * MIB;
const WRITTEN: ImageUse = { written: true, writesForbidden: true };
const READ: ImageUse = { written: false, writesForbidden: true };

function request(folder: TemporaryFolder, name: string): ConvertRequest {
  return {
    source: { path: folder.file(name) },
    target: { path: folder.file('target'), format: 'raw' },
    overwrite: false,
  };
}

/** `top` over `base`, and `disk.vmdk` with its extent, each of a few blocks. */
async function disks(): Promise<TemporaryFolder> {
  const folder = await temporaryFolder();
  const backing = { file: 'base', format: 'qcow2' } as const;
  const disk = { sizeBytes: MIB };
  const flat = { ...disk, subformat: 'monolithicFlat' } as const;
  for (const writer of [
    await createQcow2(folder.file('base'), disk),
    await createQcow2(folder.file('top'), { ...disk, backing }),
    await createVmdk(folder.file('disk.vmdk'), flat),
  ]) {
    await writer.write(0, seededBytes(1, 65_536));
    await writer.flush();
    await writer[Symbol.asyncDispose]();
  }
  return folder;
}

function converter(folder: TemporaryFolder, options: FormatConverterOptions = {}) {
  return createFormatConverter({ parents: { folders: [folder.path] }, ...options });
}

/** A call that writes to a file at the first report of progress. */
function writingTo(path: string, bytes: Uint8Array, position: number) {
  let isWritten = false;
  return {
    onProgress: () => {
      if (isWritten) return;
      isWritten = true;
      const file = openSync(path, 'r+');
      writeSync(file, bytes, 0, bytes.byteLength, position);
      closeSync(file);
    },
  };
}

describe('a source that a running program may write to', () => {
  it.each([
    { source: 'top', held: 'top', what: 'the image' },
    { source: 'top', held: 'base', what: 'its backing file' },
    { source: 'disk.vmdk', held: 'disk-flat.vmdk', what: 'its extent' },
  ])('is refused when $what is written, and nothing is made', async ({ source, held }) => {
    await using folder = await disks();
    const names = await readdir(folder.path);
    const imageLocks = locksOf(nodeFileSystem, folder.file(held), () => WRITTEN);
    const refused = converter(folder, { imageLocks }).convert(request(folder, source));
    await expect(refused).rejects.toMatchObject({ code: 'LOCKED', context: { path: folder.file(held) } });
    expect(await readdir(folder.path)).toEqual(names);
  });

  it.each(['top', 'base'])('is copied when %s is read alone', async (held) => {
    await using folder = await disks();
    const imageLocks = locksOf(nodeFileSystem, folder.file(held), () => READ);
    const { findings } = await converter(folder, { imageLocks }).convert(request(folder, 'top'));
    expect(findings).toEqual([]);
  });

  it('is refused before it is opened: what is half written looks like damage', async () => {
    await using folder = await temporaryFolder();
    await writeFile(folder.file('top'), 'QFI\xfb and no more', 'latin1');
    const imageLocks = locksOf(nodeFileSystem, folder.file('top'), () => WRITTEN);
    const refused = converter(folder, { imageLocks }).convert(request(folder, 'top'));
    await expect(refused).rejects.toMatchObject({ code: 'LOCKED' });
  });
});

describe('a source that changes while it is copied', () => {
  async function rawDisk(): Promise<TemporaryFolder> {
    const folder = await temporaryFolder();
    await writeFile(folder.file('source'), seededBytes(1, SIZE));
    return folder;
  }

  it('gives no target, and what was there stays', async () => {
    await using folder = await rawDisk();
    await writeFile(folder.file('target'), 'before');
    const call = writingTo(folder.file('source'), seededBytes(2, 512), SIZE - 512);
    const lost = converter(folder).convert({ ...request(folder, 'source'), overwrite: true }, call);
    await expect(lost).rejects.toMatchObject({
      code: 'INSTANT_LOST',
      context: { path: folder.file('source') },
    });
    expect(await readdir(folder.path)).toEqual(['source', 'target']);
    expect(await readFile(folder.file('target'), 'utf8')).toBe('before');
  });

  it('is no source either when its backing file alone changed', async () => {
    await using folder = await disks();
    const call = writingTo(folder.file('base'), seededBytes(2, 512), 5 * 65_536);
    const lost = converter(folder).convert(request(folder, 'top'), call);
    await expect(lost).rejects.toMatchObject({
      code: 'INSTANT_LOST',
      context: { path: folder.file('base') },
    });
    expect(await readdir(folder.path)).not.toContain('target');
  });

  it('is not called damaged for what was rewritten under the copy', async () => {
    await using folder = await temporaryFolder();
    const path = folder.file('packed');
    {
      await using writer = await createQcow2(path, { sizeBytes: SIZE, compression: 'zlib' });
      const text = seededBytes(1, 4096);
      for (let offset = 0; offset < SIZE; offset += MIB)
        await writer.write(offset, Buffer.alloc(MIB, text).fill(offset / MIB, 0, 16));
      await writer.flush();
    }
    const fileBytes = (await readFile(path)).byteLength;
    const call = writingTo(path, Buffer.alloc(fileBytes / 3, 0xff), Math.floor(fileBytes / 2));
    const lost = converter(folder).convert(request(folder, 'packed'), call);
    const error = (await lost.catch((failure: unknown) => failure)) as SendenseError;
    expect(error).toMatchObject({ code: 'INSTANT_LOST', cause: { code: 'CORRUPT' } });
  });

  it('is converted from its start when the conversion is resumed', async () => {
    await using folder = await rawDisk();
    const resuming = converter(folder, { resume: true, checkpointBytes: 4 * MIB });
    const call = writingTo(folder.file('source'), seededBytes(2, 512), 0);
    const lost = resuming.convert(request(folder, 'source'), call);
    await expect(lost).rejects.toMatchObject({ code: 'INSTANT_LOST' });
    expect(await readdir(folder.path)).toEqual(['source', 'target.partial']);
    const { findings } = await resuming.convert(request(folder, 'source'));
    expect(findings).toMatchObject([{ code: 'conversion-restarted' }]);
    expect(findings[0]?.message).toContain('the source has changed');
    expect(await readdir(folder.path)).toEqual(['source', 'target']);
    const [source, target] = await Promise.all(
      ['source', 'target'].map((name) => readFile(folder.file(name))),
    );
    expect(source?.equals(target ?? Buffer.alloc(0))).toBe(true);
  });
});

it('a conversion that is aborted in mid-copy writes no more than it had in its hands', async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.file('source'), seededBytes(1, SIZE));
  const watched = failingFileSystem(nodeFileSystem, Number.POSITIVE_INFINITY);
  const stop = new AbortController();
  const call = { signal: stop.signal, onProgress: () => stop.abort() };
  const ended = converter(folder, { fileSystem: watched }).convert(request(folder, 'source'), call);
  await expect(ended).rejects.toMatchObject({ code: 'ABORTED' });
  expect(watched.written).toBeGreaterThan(0);
  expect(watched.written).toBeLessThan(SIZE);
  expect(await readdir(folder.path)).toEqual(['source']);
});
