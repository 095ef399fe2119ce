import { copyFile, rename } from 'node:fs/promises';
import type { ChangeState, Extent } from '@sendense/core';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { qemuIo, RunningQemu, run } from './qemu.ts';
import { answerOf, Workbench } from './workbench.ts';

const MIB = 1024 * 1024;
const GRANULARITY = 64 * 1024;
let bench: Workbench;
let path: string;
let first: ChangeState;
let bitmap: string;

describeWithPeers(['qemu-img', 'qemu-io', 'qemu-system-x86_64'], 'an image with a baseline', () => {
  beforeEach(async () => {
    bench = await Workbench.open();
    path = bench.path('disk.qcow2');
    await run('qemu-img', 'create', '-q', '-f', 'qcow2', path, '64M');
    first = (await bench.round(bench.source({ path }))) as ChangeState;
    bitmap = (first.data as { disks: Record<string, { bitmap: string }> }).disks[path]?.bitmap ?? '';
  });
  afterEach(() => bench[Symbol.asyncDispose]());

  /** What a new capture answers; its state is kept for a next one. */
  async function answer(since: ChangeState = first) {
    let result: string | readonly Extent[] = '';
    const state = await bench.round(bench.source({ path }), [since], async (capture) => {
      result = await answerOf(capture);
    });
    return { result, state: state as ChangeState };
  }

  const data = (offset: number): Extent => ({ offset, length: GRANULARITY, kind: 'data' });

  it('is incremental after QEMU wrote to it and ended cleanly', async () => {
    const qemu = await RunningQemu.start(path);
    await qemu.io('write -P 1 1M 64k');
    await qemu.quit();
    expect((await answer()).result).toEqual([data(MIB)]);
  });

  it('is full, tracking-inconsistent, after QEMU was killed; the next one is incremental again', async () => {
    const qemu = await RunningQemu.start(path);
    await qemu.io('write -P 1 1M 64k');
    await qemu.kill();
    const { result, state } = await answer();
    expect(result).toBe('tracking-inconsistent');
    await bench.source({ path }).retire([first]);
    await qemuIo(path, 'write -P 2 2M 64k');
    expect((await answer(state)).result).toEqual([data(2 * MIB)]);
    await run('qemu-img', 'check', path);
  });

  it('is refused with LOCKED while QEMU has it open', async () => {
    const source = bench.source({ path });
    const request = await bench.request(source);
    const qemu = await RunningQemu.start(path);
    await expect(source.capture(request)).rejects.toMatchObject({ code: 'LOCKED' });
    await expect(source.plan(request)).rejects.toMatchObject({ code: 'LOCKED' });
    await expect(source.retire([first])).rejects.toMatchObject({ code: 'LOCKED' });
    await qemu.quit();
    expect((await answer()).result).toEqual([]);
  });

  it('loses the instant when it is written to between capture and seal, and gets no baseline', async () => {
    const source = bench.source({ path });
    await using capture = await source.capture(await bench.request(source));
    await qemuIo(path, 'write -P 1 1M 64k');
    await expect(capture.seal()).rejects.toMatchObject({ code: 'INSTANT_LOST' });
    await expect(capture.seal()).rejects.toMatchObject({ code: 'INSTANT_LOST' });
    expect((await run('qemu-img', 'info', path)).match(/sendense\./g)).toHaveLength(1);
  });

  it('is full, disk-resized, after qemu-img resize', async () => {
    await run('qemu-img', 'resize', '-q', path, '80M');
    expect((await answer()).result).toBe('disk-resized');
  });

  it('is full, tracking-lost, after somebody removed the bitmap', async () => {
    await run('qemu-img', 'bitmap', '--remove', path, bitmap);
    expect((await answer()).result).toBe('tracking-lost');
  });

  it('is full, tracking-lost, after somebody switched the bitmap off', async () => {
    await run('qemu-img', 'bitmap', '--disable', path, bitmap);
    expect((await answer()).result).toBe('tracking-lost');
  });

  it('is full, disk-replaced, when another image took its place', async () => {
    await run('qemu-img', 'create', '-q', '-f', 'qcow2', bench.path('other.qcow2'), '64M');
    await rename(bench.path('other.qcow2'), path);
    expect((await answer()).result).toBe('disk-replaced');
  });

  it('is incremental on an older copy of itself: bitmap and bytes went back together', async () => {
    await qemuIo(path, 'write -P 2 1M 64k');
    await copyFile(path, bench.path('copy.qcow2'));
    await qemuIo(path, 'write -P 3 2M 64k');
    await rename(bench.path('copy.qcow2'), path);
    expect((await answer()).result).toEqual([data(MIB)]);
  });

  it('cannot be reverted to an internal snapshot by qemu-img unnoticed', async () => {
    await run('qemu-img', 'snapshot', '-c', 'before', path);
    await qemuIo(path, 'write -P 2 1M 64k');
    await expect(run('qemu-img', 'snapshot', '-a', 'before', path)).rejects.toThrow(/bitmap/);
  });

  it('is full, tracking-lost, when the backing file below an overlay changed', async () => {
    const overlay = bench.path('overlay.qcow2');
    await run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', path, '-F', 'qcow2', overlay);
    const source = bench.source({ path: overlay, parents: { folders: [bench.folder] } });
    const state = (await bench.round(source)) as ChangeState;
    await qemuIo(path, 'write -P 1 2M 64k');
    await bench.round(source, [state], async (capture) =>
      expect(await answerOf(capture)).toBe('tracking-lost'),
    );
  });

  it.each([
    ['raw', ['-f', 'raw']],
    ['of QCOW2 version 2', ['-f', 'qcow2', '-o', 'compat=0.10']],
  ])('has none when it is %s: no-change-tracking, and no state', async (_what, format) => {
    const other = bench.path('other.img');
    await run('qemu-img', 'create', '-q', ...format, other, '1M');
    const state = await bench.round(bench.source({ path: other }), [], async (capture) => {
      expect(await answerOf(capture)).toBe('no-change-tracking');
    });
    expect(state).toBeNull();
  });
});
