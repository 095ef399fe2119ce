import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { captureId, diskId, guardSource, type LogSink, streamId } from '@sendense/core';
import { connectQmp } from '@sendense/platform-kvm/qmp';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { createQemuSource } from '@sendense/source-qemu';
import { describeWithPeers } from '@sendense/tests/peers';
import { expect, it } from 'vitest';
import { keepOf, LiveBench, type Received } from './live-bench.ts';
import { createImage, makeFolder, ourObjects } from './live-fixture.ts';

const MIB = 2 ** 20;
const PEERS = ['qemu-system-x86_64', 'qemu-img'];

/** Bytes that the kernel has handed to QEMU from files: QEMU's own statistics leave its exports out. */
async function bytesReadBy(pid: number): Promise<number> {
  const [, bytes] = /^rchar: (\d+)$/m.exec(await readFile(`/proc/${pid}/io`, 'utf8')) ?? [];
  return Number(bytes);
}

describeWithPeers(PEERS, 'a running machine', () => {
  it('has the UUID that QEMU was given, and without one an identity that its name gives', async () => {
    const uuid = '6f1d1f3e-8a43-4b7c-9b0e-0a1b2c3d4e5f';
    const ids: string[] = [];
    for (const options of [{ uuid }, { name: 'web' }, { name: 'web' }, {}]) {
      await using bench = await LiveBench.open({ count: 1, sizeBytes: MIB }, options);
      ids.push((await bench.request(bench.source())).machine.id);
    }
    expect(ids[0]).toBe(uuid);
    expect(ids[1]).toBe(ids[2]);
    expect(new Set(ids).size).toBe(3);
  });

  it('is described with its disks; drives with media that come and go are skipped, and said to be', async () => {
    await using bench = await LiveBench.open({ count: 1, sizeBytes: MIB }, { name: 'web' });
    await bench.qemu.quit();
    const [cd, raw, locked] = ['cd.raw', 'data.raw', 'locked.qcow2'].map((name) => join(bench.folder, name));
    for (const path of [cd, raw]) await createImage(path ?? '', MIB, 'raw');
    await createImage(locked ?? '', MIB);
    await bench.boot([
      { id: 'vd0', path: bench.image('vd0') },
      { id: 'data', path: raw ?? '', format: 'raw' },
      { id: 'locked', path: locked ?? '', readOnly: true },
      { id: 'cd', path: cd ?? '', format: 'raw', removable: true },
    ]);
    await bench.qemu.io('data', 'write -P 7 0 64k');
    const done = await bench.round(
      bench.source(),
      undefined,
      {},
      async ({ spec, disks, skipped, findings }) => {
        expect(spec).toMatchObject({ name: 'web', platform: 'qemu', architecture: 'x86_64' });
        expect(spec.disks.map(({ id, readOnly }) => [id, readOnly ?? false])).toEqual([
          ['vd0', false],
          ['data', false],
          ['locked', true],
        ]);
        expect(skipped).toEqual([{ id: 'cd', reason: 'removable medium' }]);
        const reasons = disks.map(({ changes }) => (changes.kind === 'full' ? changes.reason : changes.kind));
        expect(reasons).toEqual(['first-backup', 'no-change-tracking', 'no-change-tracking']);
        expect(findings.filter(({ code }) => code === 'no-change-tracking')).toHaveLength(2);
      },
    );
    expect(done.state?.disks).toEqual(['vd0']);
    expect(done.disks[1]?.subarray(0, 65_536)).toEqual(Buffer.alloc(65_536, 7));
  });

  it('without guest devices has the block nodes as its disks', async () => {
    await using bench = await LiveBench.open({ count: 0, sizeBytes: 0 });
    const file = join(bench.folder, 'loose.qcow2');
    await createImage(file, MIB);
    const node = { driver: 'qcow2', 'node-name': 'loose', file: { driver: 'file', filename: file } };
    await bench.qemu.command('blockdev-add', node);
    const first = await bench.round(bench.source());
    await bench.qemu.command('human-monitor-command', { 'command-line': 'qemu-io loose "write -P 3 0 64k"' });
    const next = await bench.round(bench.source(), first, {}, async ({ disks }) => {
      expect(disks).toMatchObject([{ id: 'loose', changes: { kind: 'incremental' } }]);
    });
    expect(next.disks[0]?.subarray(0, 65_536)).toEqual(Buffer.alloc(65_536, 3));
  });

  it('may have its drives given the old way, with nodes that have no names', async () => {
    const folder = await makeFolder();
    await using _ = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
    const [system, data] = ['system.qcow2', 'data.img'].map((name) => join(folder, name));
    await createImage(system ?? '', 2 * MIB);
    await createImage(data ?? '', MIB, 'raw');
    const drives = [`file=${system},if=virtio,format=qcow2`, `file=${data},if=ide,format=raw`];
    const args = drives.flatMap((drive) => ['-drive', drive]);
    await using bench = await LiveBench.open({ count: 0, sizeBytes: 0 }, { args });
    const first = await bench.round(bench.source(), undefined, {}, async ({ disks }) => {
      expect(disks.map(({ id, sizeBytes }) => [id, sizeBytes])).toEqual([
        ['virtio0', 2 * MIB],
        ['ide0-hd0', MIB],
      ]);
    });
    const line = 'qemu-io virtio0 "write -P 6 64k 64k"';
    await bench.qemu.command('human-monitor-command', { 'command-line': line });
    const next = await bench.round(bench.source(), first, {}, async ({ disks }) => {
      expect(disks.map(({ changes }) => changes.kind)).toEqual(['incremental', 'full']);
    });
    expect(next.disks[0]?.subarray(65_536, 131_072)).toEqual(Buffer.alloc(65_536, 6));
  });

  it('is read no more than its changes, by the count of the kernel', async () => {
    await using bench = await LiveBench.open({ count: 1, sizeBytes: 128 * MIB });
    const { qemu } = bench;
    await qemu.io('vd0', 'write -P 1 0 64M');
    const first = await bench.round(bench.source());
    const pieces = 320;
    for (let piece = 0; piece < pieces; piece++) await qemu.io('vd0', `write -P 2 ${piece * 192}k 4k`);
    const before = await bytesReadBy(qemu.pid);
    await bench.round(bench.source(), first);
    const read = (await bytesReadBy(qemu.pid)) - before;
    const dirty = pieces * 65_536;
    expect(read).toBeGreaterThanOrEqual(dirty);
    expect(read / dirty).toBeLessThanOrEqual(1.05);
  });

  it('gives zeros of an increment as zeros, not as bytes to read', async () => {
    await using bench = await LiveBench.open({ count: 1, sizeBytes: 4 * MIB });
    await bench.qemu.io('vd0', 'write -P 1 0 4M');
    const first = await bench.round(bench.source());
    await bench.qemu.io('vd0', 'write -z 1M 1M');
    await bench.qemu.io('vd0', 'discard 3M 512k');
    await bench.round(bench.source(), first, {}, async ({ disks: [disk] }) => {
      if (disk?.changes.kind !== 'incremental') throw new Error('not incremental');
      const found = [];
      for await (const extent of disk.changes.extents()) found.push(extent);
      expect(found).toEqual([
        { offset: MIB, length: MIB, kind: 'zero' },
        { offset: 3 * MIB, length: MIB / 2, kind: 'zero' },
      ]);
    });
  });

  it('holds three baselines of ours by default; a fourth is not made, and that is said', async () => {
    await using bench = await LiveBench.open({ count: 1, sizeBytes: MIB });
    await bench.qemu.command('block-dirty-bitmap-add', { node: 'vd0-node', name: 'of-somebody-else' });
    const source = bench.source();
    const streams = ['a', 'b', 'c', 'd'].map((name) => ({ stream: streamId(name) }));
    const states: Received[] = [];
    for (const stream of streams) states.push(await bench.round(source, undefined, stream));
    expect(states.map(({ state }) => state !== null)).toEqual([true, true, true, false]);
    await using again = await source.capture(await bench.request(source));
    expect(again.findings).toContainEqual(
      expect.objectContaining({ message: expect.stringMatching(/3 baselines already, of 3 streams/) }),
    );
    await again[Symbol.asyncDispose]();
    await source.reconcile(keepOf([]));
    expect(await ourObjects(bench.qemu, bench.folder)).toEqual(['vd0-node: of-somebody-else']);
  });

  it('leaves excluded disks alone', async () => {
    await using bench = await LiveBench.open({ count: 2, sizeBytes: MIB });
    const disks = { exclude: [diskId('vd0')] };
    const { state } = await bench.round(bench.source(), undefined, { disks });
    expect(state?.disks).toEqual(['vd1']);
    const objects = await ourObjects(bench.qemu, bench.folder);
    expect(objects).toEqual([expect.stringMatching(/^vd1-node: sendense\./)]);
  });

  it('that dies during a capture loses the instant, and giving up is no failure', async () => {
    await using bench = await LiveBench.open({ count: 1, sizeBytes: MIB });
    const source = bench.source();
    const capture = await source.capture(await bench.request(source));
    await bench.qemu.kill();
    await expect(capture.seal()).rejects.toMatchObject({ code: 'INSTANT_LOST' });
    await expect(capture[Symbol.asyncDispose]()).resolves.toBeUndefined();
  });

  it('whose backup job somebody ends loses the instant: what was read since may be newer', async () => {
    await using bench = await LiveBench.open({ count: 1, sizeBytes: MIB });
    const source = bench.source();
    await using capture = await source.capture(await bench.request(source));
    const jobs = (await bench.qemu.command('query-jobs')) as readonly { readonly id: string }[];
    await bench.qemu.command('job-cancel', { id: jobs[0]?.id });
    await expect(capture.seal()).rejects.toMatchObject({ code: 'INSTANT_LOST' });
    await expect(capture.seal()).rejects.toMatchObject({ code: 'INSTANT_LOST' });
    await capture[Symbol.asyncDispose]();
    expect(await ourObjects(bench.qemu, bench.folder)).toEqual([]);
  });

  it('with an NBD server of somebody else is refused, or shares it when told where it is', async () => {
    await using bench = await LiveBench.open({ count: 1, sizeBytes: MIB });
    const path = join(bench.folder, 'theirs.nbd');
    await bench.qemu.command('nbd-server-start', { addr: { type: 'unix', data: { path } } });
    const request = await bench.request(bench.source());
    await expect(bench.source().capture(request)).rejects.toMatchObject({
      code: 'LOCKED',
      remedy: expect.stringContaining('nbd'),
    });
    expect(await ourObjects(bench.qemu, bench.folder)).toEqual([]);
    const { state } = await bench.round(bench.source({ nbd: { kind: 'unix', path } }));
    expect(state?.disks).toEqual(['vd0']);
    await bench.qemu.command('nbd-server-stop'); // it still ran
  });

  it('whose monitor another client has is LOCKED, and the monitor is free while a backup reads', async () => {
    await using bench = await LiveBench.open({ count: 1, sizeBytes: MIB });
    const source = bench.source({ monitorWaitMs: 200 });
    const request = await bench.request(source);
    const address = { kind: 'unix', path: bench.qemu.socket } as const;
    const other = await connectQmp({ address });
    await expect(source.capture(request)).rejects.toMatchObject({ code: 'LOCKED' });
    await other[Symbol.asyncDispose]();
    await using capture = await source.capture(request);
    await using during = await connectQmp({ address });
    expect(during.version[0]).toBeGreaterThanOrEqual(5);
    await during[Symbol.asyncDispose]();
    expect(await capture.seal()).not.toBeNull();
  });

  it('keeps its scratch files where it is told, and refuses a folder that is not there', async () => {
    await using bench = await LiveBench.open({ count: 1, sizeBytes: MIB });
    const source = bench.source({ scratch: join(bench.folder, 'not-there') });
    await expect(source.capture(await bench.request(source))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await ourObjects(bench.qemu, bench.folder)).toEqual([]);
  });

  it('is cleaned of scratch files that a QEMU which is gone left', async () => {
    await using bench = await LiveBench.open({ count: 1, sizeBytes: MIB });
    const source = bench.source();
    const request = await bench.request(source, { id: captureId('sendense-gone') });
    const lost = await source.capture(request);
    await bench.qemu.kill();
    await lost[Symbol.asyncDispose]();
    await writeFile(join(bench.folder, '.of-somebody.scratch'), 'else');
    await bench.boot();
    expect(await ourObjects(bench.qemu, bench.folder)).toHaveLength(2);
    const { removed } = await bench.source().reconcile(keepOf([]));
    expect(removed).toEqual([expect.stringContaining('sendense-gone')]);
    expect(await ourObjects(bench.qemu, bench.folder)).toEqual(['.of-somebody.scratch']);
  });

  it('goes on writing when the scratch folder runs full: the backup is given up first', async () => {
    await using bench = await LiveBench.open({ count: 1, sizeBytes: MIB });
    let left = 2 ** 40;
    const fileSystem = {
      ...nodeFileSystem,
      space: async () => ({ totalBytes: 2 ** 40, availableBytes: left }),
    };
    const told: string[] = [];
    const log: LogSink = ({ level, message }) => void told.push(`${level}: ${message}`);
    const source = guardSource(createQemuSource({ qmp: bench.qemu.socket }, { fileSystem, log }));
    await using capture = await source.capture(await bench.request(source));
    left = 1;
    const isGone = async () =>
      (await ourObjects(bench.qemu, bench.folder)).every((name) => !name.startsWith('job'));
    while (!(await isGone())) await new Promise((resolve) => setImmediate(resolve));
    const read = capture.disks[0]?.reader.read(0, new Uint8Array(512));
    await expect(read).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await expect(capture.seal()).rejects.toMatchObject({
      code: 'INSTANT_LOST',
      message: expect.stringContaining('ran full'),
    });
    await capture[Symbol.asyncDispose]();
    expect(told).toEqual([expect.stringMatching(/^error: .* ran full/)]);
    expect(await ourObjects(bench.qemu, bench.folder)).toEqual([]);
  });
});
