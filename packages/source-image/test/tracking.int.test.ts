import { type ChangeState, type Extent, streamId } from '@sendense/core';
import { describeWithPeers } from '@sendense/tests/peers';
import { testScale, testSeed } from '@sendense/tests/scale';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { qemuIo, run } from './qemu.ts';
import { answerOf, Workbench } from './workbench.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const GRANULARITY = 64 * KIB;
let bench: Workbench;
let path: string;
beforeEach(async () => {
  bench = await Workbench.open();
  path = bench.path('disk.qcow2');
});
afterEach(() => bench[Symbol.asyncDispose]());

/** A baseline of the image as it stands. */
async function baseline(): Promise<ChangeState> {
  const state = await bench.round(bench.source({ path }));
  if (state === null) throw new Error('no baseline was kept');
  return state;
}

/** The answer of a new capture. */
async function answer(...since: readonly ChangeState[]): Promise<string | readonly Extent[]> {
  let result: string | readonly Extent[] = '';
  await bench.round(bench.source({ path }), since, async (capture) => {
    result = await answerOf(capture);
  });
  return result;
}

const data = (offset: number, length = GRANULARITY): Extent => ({ offset, length, kind: 'data' });
const zero = (offset: number, length = GRANULARITY): Extent => ({ offset, length, kind: 'zero' });

describeWithPeers(['qemu-img', 'qemu-io'], 'increments of an image that qemu-io writes to', () => {
  beforeEach(async () => {
    await run('qemu-img', 'create', '-q', '-f', 'qcow2', path, '64M');
  });

  it('are exactly what was written, at the granularity of the bitmap', async () => {
    await qemuIo(path, 'write -P 1 0 1M');
    const first = await baseline();
    await qemuIo(path, 'write -P 2 2M 64k', 'write -P 3 5000192 512', 'write -P 4 67108352 512');
    expect(await answer(first)).toEqual([
      data(2 * MIB),
      data(Math.floor(5_000_192 / GRANULARITY) * GRANULARITY),
      data(64 * MIB - GRANULARITY),
    ]);
  });

  it('tell zeros as zeros, and nothing when nothing was written', async () => {
    await qemuIo(path, 'write -P 1 0 4M');
    const first = await baseline();
    expect(await answer(first)).toEqual([]);
    await qemuIo(path, 'write -z 1M 128k', 'discard 3M 64k');
    expect(await answer(first)).toEqual([zero(MIB, 2 * GRANULARITY), zero(3 * MIB)]);
  });

  it('follow random writes over several rounds, each since the last one', async () => {
    let seed = testSeed();
    console.log(`seed ${seed}`);
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    let since = await baseline();
    for (let round = 0; round < 5 * testScale(); round++) {
      const dirty = new Set<number>();
      const commands = Array.from({ length: 8 }, () => {
        const length = 512 * (1 + random(600));
        const offset = 512 * random((64 * MIB - length) / 512);
        for (let at = offset - (offset % GRANULARITY); at < offset + length; at += GRANULARITY) dirty.add(at);
        return `write -P ${1 + random(255)} ${offset} ${length}`;
      });
      await qemuIo(path, ...commands);
      const told = new Set<number>();
      const source = bench.source({ path });
      const next = await bench.round(source, [since], async (capture) => {
        for (const { offset, length } of (await answerOf(capture)) as readonly Extent[]) {
          for (let at = offset; at < offset + length; at += GRANULARITY) told.add(at);
        }
      });
      const ascending = (set: ReadonlySet<number>) => [...set].sort((a, b) => a - b);
      expect(ascending(told)).toEqual(ascending(dirty));
      await source.retire([since]);
      since = next as ChangeState;
    }
  });

  it('of two streams do not disturb each other', async () => {
    const source = bench.source({ path });
    const b = streamId('stream-b');
    const ofA = await baseline();
    await qemuIo(path, 'write -P 1 0 64k');
    const ofB = (await bench.round(source, [], undefined, b)) as ChangeState;
    await qemuIo(path, 'write -P 2 1M 64k');
    expect(await answer(ofA)).toEqual([data(0), data(MIB)]);
    await source.retire([ofA]);
    await bench.round(
      source,
      [ofB],
      async (capture) => expect(await answerOf(capture)).toEqual([data(MIB)]),
      b,
    );
  });

  it('go back to an older state when the newest is retired', async () => {
    const first = await baseline();
    await qemuIo(path, 'write -P 1 0 64k');
    const second = await baseline();
    await bench.source({ path }).retire([second]);
    await qemuIo(path, 'write -P 2 1M 64k');
    expect(await answer(second, first)).toEqual([data(0), data(MIB)]);
  });

  it('cover the writes of a guest on an overlay, zeros over its backing file included', async () => {
    await qemuIo(path, 'write -P 1 0 4M');
    const overlay = bench.path('overlay.qcow2');
    await run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', path, '-F', 'qcow2', overlay);
    const source = bench.source({ path: overlay, parents: { folders: [bench.folder] } });
    const first = (await bench.round(source)) as ChangeState;
    await qemuIo(overlay, 'write -P 2 1M 64k', 'write -z 2M 64k');
    await bench.round(source, [first], async (capture) => {
      expect(await answerOf(capture)).toEqual([data(MIB), zero(2 * MIB)]);
    });
  });

  it('leave images that qemu-img finds no fault in, with baselines and after they are retired', async () => {
    const first = await baseline();
    await run('qemu-img', 'check', path);
    await qemuIo(path, 'write -P 1 0 1M');
    await bench.source({ path }).retire([first]);
    await run('qemu-img', 'check', path);
    expect(await run('qemu-img', 'info', path)).not.toContain('sendense.');
  });
});
