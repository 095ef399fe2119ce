import { appendFile, copyFile, rename, writeFile } from 'node:fs/promises';
import { type CaptureRequest, type ChangeState, streamId } from '@sendense/core';
import { addBitmap, createQcow2, openQcow2 } from '@sendense/formats/qcow2';
import { createVhdx } from '@sendense/formats/vhdx';
import type { ImageUse } from '@sendense/plugin-kit/files';
import { type FileSystem, mapErrno, nodeFileSystem } from '@sendense/plugin-kit/files';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answerOf, machineOf, Workbench } from '../test/workbench.ts';

const MIB = 1024 * 1024;
let bench: Workbench;
let path: string;
beforeEach(async () => {
  bench = await Workbench.open();
  path = bench.path('disk.qcow2');
  await create(path);
});
afterEach(() => bench[Symbol.asyncDispose]());

async function create(at: string, sizeBytes = 4 * MIB): Promise<void> {
  await using writer = await createQcow2(at, { sizeBytes });
  await writer.write(0, new Uint8Array(65_536).fill(1));
  await writer.flush();
}

async function bitmapsOf(at: string): Promise<readonly string[]> {
  await using image = await openQcow2(at);
  return image.bitmaps.map(({ name }) => name);
}

describe('a machine of image files', () => {
  it('is named by its folder, its file, or its own id', async () => {
    expect(await machineOf(bench.source({ folder: bench.folder }))).toEqual({
      connection: 'image',
      id: bench.folder,
    });
    expect(await machineOf(bench.source({ path }))).toEqual({ connection: 'image', id: path });
    expect(await machineOf(bench.source({ path, machineId: 'web-1' }))).toEqual({
      connection: 'image',
      id: 'web-1',
    });
  });

  it('tells the sectors that a VHDX states', async () => {
    await using writer = await createVhdx(bench.path('disk.vhdx'), {
      sizeBytes: MIB,
      logicalSectorBytes: 4096,
    });
    await writer.flush();
    const source = bench.source({ path: [path, bench.path('disk.vhdx')] });
    const spec = await source.describe(await machineOf(source));
    expect(spec.disks.map(({ sectorBytes }) => sectorBytes)).toEqual([512, 4096]);
    await bench.round(source, [], async ({ disks }) => {
      expect(disks.map(({ sectorBytes }) => sectorBytes)).toEqual([512, 4096]);
    });
  });

  it('tells its disks by slot, and is found by its name only', async () => {
    await create(bench.path('disk-2.qcow2'), MIB);
    const source = bench.source({ folder: bench.folder, name: 'web' });
    const spec = await source.describe(await machineOf(source));
    expect(spec.name).toBe('web');
    expect(spec.disks.map(({ label, slot, sizeBytes }) => [label, slot.unit, sizeBytes])).toEqual([
      ['disk-2.qcow2', 0, MIB],
      ['disk.qcow2', 1, 4 * MIB],
    ]);
    const named = async (name: string) => {
      for await (const machine of source.machines({ name })) return machine.name;
      return undefined;
    };
    expect([await named('web'), await named('other')]).toEqual(['web', undefined]);
  });

  it('does not answer for another machine', async () => {
    const other = { connection: 'image', id: '/elsewhere' };
    await expect(bench.source({ path }).describe(other)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('capture', () => {
  it('refuses more than crash consistency where that is required, and tells where it was wanted', async () => {
    const source = bench.source({ path });
    const of = async (consistency: CaptureRequest['consistency']) =>
      await source.capture(await bench.request(source, { consistency }));
    await expect(of({ want: 'application', accept: 'filesystem' })).rejects.toMatchObject({
      code: 'QUIESCE_FAILED',
    });
    await using capture = await of({ want: 'application', accept: 'crash' });
    expect(capture.findings).toContainEqual(expect.objectContaining({ code: 'consistency-weakened' }));
  });

  it('refuses an image that lost the header its name promises, unless it is called raw', async () => {
    await writeFile(path, Buffer.alloc(65_536, 1));
    const source = bench.source({ path });
    await expect(bench.request(source).then((request) => source.capture(request))).rejects.toMatchObject({
      code: 'FORMAT_INVALID',
    });
    const raw = bench.source({ path, format: 'raw' });
    await using capture = await raw.capture(await bench.request(raw));
    expect(capture.disks.map(({ sizeBytes }) => sizeBytes)).toEqual([65_536]);
  });

  it('leaves excluded disks closed and says so', async () => {
    await writeFile(bench.path('broken.qcow2'), 'no image');
    const source = bench.source({ path: [path, bench.path('broken.qcow2')], format: 'qcow2' });
    const exclude = [bench.path('broken.qcow2')] as unknown as NonNullable<
      CaptureRequest['disks']
    >['exclude'];
    await using capture = await source.capture(await bench.request(source, { disks: { exclude } }));
    expect(capture.disks.map(({ id }) => id)).toEqual([path]);
    expect(capture.skipped.map(({ id }) => id)).toEqual(exclude);
  });

  it('says INSTANT_LOST, not CORRUPT, when the image is rewritten under a read', async () => {
    await create(bench.path('other.qcow2'));
    const source = bench.source({ path });
    await using capture = await source.capture(await bench.request(source));
    await writeFile(path, Buffer.alloc(100, 0xff));
    const [disk] = capture.disks;
    await expect(disk?.reader.read(0, new Uint8Array(65_536))).rejects.toMatchObject({
      code: 'INSTANT_LOST',
    });
  });

  it('says INSTANT_LOST when another image takes the place while it is read', async () => {
    await copyFile(path, bench.path('copy.qcow2'));
    const source = bench.source({ path });
    await using capture = await source.capture(await bench.request(source));
    await rename(bench.path('copy.qcow2'), path);
    await expect(capture.seal()).rejects.toMatchObject({ code: 'INSTANT_LOST' });
  });

  it('is not disturbed by the seal of another stream that captures at the same time', async () => {
    const [a, b] = [bench.source({ path }), bench.source({ path })];
    await using first = await a.capture(await bench.request(a));
    await using second = await b.capture(await bench.request(b, { stream: streamId('stream-b') }));
    expect([await first.seal(), await second.seal()]).not.toContain(null);
    await Promise.all([first.commit(), second.commit()]);
    expect(await bitmapsOf(path)).toHaveLength(2);
  });
});

describe('baselines', () => {
  it('are left out, with a finding, when a program opened the image after the capture', async () => {
    let use: ImageUse = { written: false, writesForbidden: false };
    const source = bench.source({ path }, { imageLocks: async () => use });
    await using capture = await source.capture(await bench.request(source));
    use = { written: true, writesForbidden: false };
    expect(await capture.seal()).toBeNull();
    expect(await capture.commit()).toContainEqual(
      expect.objectContaining({ code: 'baseline-failed', disk: path }),
    );
    expect(await bitmapsOf(path)).toEqual([]);
  });

  it('are not relied on when a program opened the image just while they were added', async () => {
    let looks = 0;
    const imageLocks = async () => ({ written: ++looks > 2, writesForbidden: false });
    const source = bench.source({ path }, { imageLocks });
    await using capture = await source.capture(await bench.request(source));
    expect(await capture.seal()).toBeNull();
    expect(looks).toBe(3);
  });

  it('are never written with track off, and existing ones are not used', async () => {
    const state = (await bench.round(bench.source({ path }))) as ChangeState;
    const before = await bitmapsOf(path);
    const source = bench.source({ path, track: 'off' });
    expect(source.capabilities.tracking).toBe(false);
    const next = await bench.round(source, [state], async (capture) => {
      expect(await answerOf(capture)).toBe('no-change-tracking');
    });
    expect([next, await bitmapsOf(path)]).toEqual([null, before]);
  });

  it('are at most eight of ours; those of others do not count', async () => {
    await addBitmap(path, { name: 'backup-vda', granularityBytes: 65_536 });
    const source = bench.source({ path });
    for (let round = 0; round < 8; round++) expect(await bench.round(source)).not.toBeNull();
    expect(
      await bench.round(source, [], async (capture) => {
        expect(capture.findings).toContainEqual(
          expect.objectContaining({ message: expect.stringContaining('8 baselines') }),
        );
      }),
    ).toBeNull();
    expect(await bitmapsOf(path)).toHaveLength(9);
  });

  it('of others stay when ours are reconciled', async () => {
    await addBitmap(path, { name: 'backup-vda', granularityBytes: 65_536 });
    const source = bench.source({ path });
    await bench.round(source);
    const nothing = { owner: 'sendense', states: [], captures: [], restores: [], replicas: [], graceMs: 0 };
    const elsewhere = { ...nothing, streams: [streamId('stream-z')] };
    expect((await source.reconcile(elsewhere)).removed).toEqual([]);
    expect((await source.reconcile(nothing)).removed).toHaveLength(1);
    expect(await bitmapsOf(path)).toEqual(['backup-vda']);
  });

  it('need an image that can be written to', async () => {
    const fileSystem: FileSystem = {
      ...nodeFileSystem,
      open: async (at, mode) => {
        if (mode !== 'read') throw mapErrno({ code: 'EACCES' }, 'open-file', at);
        return await nodeFileSystem.open(at, mode);
      },
    };
    const state = await bench.round(bench.source({ path }, { fileSystem }), [], async (capture) => {
      expect(capture.findings).toContainEqual(
        expect.objectContaining({ code: 'no-change-tracking', message: expect.stringContaining('written') }),
      );
    });
    expect(state).toBeNull();
  });

  it('that are retired together with their image are no failure', async () => {
    const source = bench.source({ path });
    const state = (await bench.round(source)) as ChangeState;
    await rename(path, bench.path('gone'));
    await expect(source.retire([state])).resolves.toBeUndefined();
  });
});

describe('a baseline', () => {
  it('is not kept when the image was written to between the last look and the bitmap', async () => {
    let armed = false;
    const fileSystem: FileSystem = {
      ...nodeFileSystem,
      // the image is locked by a folder that is made beside it
      makeDirectory: async (at) => {
        if (armed) {
          armed = false;
          await appendFile(path, new Uint8Array(65_536));
        }
        await nodeFileSystem.makeDirectory(at);
      },
    };
    const source = bench.source({ path }, { fileSystem });
    await using capture = await source.capture(await bench.request(source));
    armed = true;
    expect(await capture.seal()).toBeNull();
    expect((await capture.commit()).map(({ code }) => code)).toEqual(['baseline-failed']);
    expect(await bitmapsOf(path)).toEqual([]);
  });
});
