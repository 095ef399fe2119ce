import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Capture } from '@sendense/core';
import { type LibvirtDaemon, startLibvirt } from '@sendense/tests/libvirt';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LibvirtBench } from './libvirt-bench.ts';

const KIB = 1024;
const TWO = ['vda', 'vdb'] as const;
const run = promisify(execFile);

async function changedBytes({ disks }: Capture): Promise<number> {
  let bytes = 0;
  for (const { changes } of disks) {
    if (changes.kind === 'full') continue;
    for await (const { length } of changes.extents()) bytes += length;
  }
  return bytes;
}

describeWithPeers(['libvirt', 'qemu-system-x86_64', 'qemu-img'], 'a domain that is shut off', () => {
  let libvirt: LibvirtDaemon;

  beforeAll(async () => {
    libvirt = await startLibvirt();
  }, 120_000);

  afterAll(() => libvirt[Symbol.asyncDispose]());

  const open = async (targets: readonly string[] = ['vda']) =>
    await LibvirtBench.open(libvirt, targets, { persistent: true });

  async function checkpoints({ domain }: LibvirtBench): Promise<readonly string[]> {
    const names = await libvirt.virsh('checkpoint-list', domain.name, '--name');
    return names.split('\n').filter((name) => name !== '');
  }

  async function stored(path: string): Promise<readonly string[]> {
    const { stdout } = await run('qemu-img', ['info', '-U', '--output=json', path]);
    const info: { 'format-specific': { data: { bitmaps?: { name: string }[] } } } = JSON.parse(stdout);
    return (info['format-specific'].data.bitmaps ?? []).map(({ name }) => name).sort();
  }

  it('goes on where the running one ended, and the running one where it ended', async () => {
    await using bench = await open(TWO);
    const source = bench.source();
    let last = await bench.round(source);
    const kinds: string[] = [];
    let value = 0;
    const step = async (expectedBytes: number) => {
      let bytes = -1;
      const point = await bench.round(source, last, {}, async (capture) => {
        bytes = await changedBytes(capture);
        kinds.push(
          ...capture.disks.map(({ changes }) => (changes.kind === 'full' ? changes.reason : changes.kind)),
        );
      });
      expect(point.disks).toEqual(bench.now());
      expect(bytes).toBe(expectedBytes);
      if (last.state !== null) await source.retire([last.state]);
      expect(await stored(bench.domain.path('vda')).catch(() => [])).toBeDefined();
      last = point;
    };
    const write = async () => {
      value += 1;
      for (const target of TWO) {
        await bench.write(target, { offset: value * 64 * KIB, length: 64 * KIB, value });
      }
    };
    await write();
    await bench.domain.destroy();
    await step(2 * 64 * KIB);
    await step(0);
    expect(await checkpoints(bench)).toHaveLength(1);
    expect(await stored(bench.domain.path('vda'))).toEqual(await checkpoints(bench));
    await bench.domain.start();
    await write();
    await step(2 * 64 * KIB);
    await write();
    await bench.domain.destroy();
    await step(2 * 64 * KIB);
    await bench.domain.start();
    await write();
    await bench.domain.destroy();
    await step(2 * 64 * KIB);
    expect(new Set(kinds)).toEqual(new Set(['incremental']));
  });
});
