import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { copyBlocks, diskId, guardTarget, type RestoreRequest, type RestoreState } from '@sendense/core';
import { openDiskImage } from '@sendense/formats';
import { soloFence } from '@sendense/plugin-kit';
import { createImageTarget, type ImageTargetOptions } from '@sendense/target-image';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';

const exec = promisify(execFile);
const run = async (program: string, ...args: readonly string[]): Promise<string> =>
  (await exec(program, args)).stdout;

const DISK = diskId('disk');
const MIB = 1024 * 1024;
let folder: string;
let source: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-restored-'));
  source = join(folder, 'source.qcow2');
  await run('qemu-img', 'create', '-q', '-f', 'qcow2', source, '40M');
  const writes = [
    'write -P 1 0 1M',
    'write -P 2 5000192 100k',
    'write -z 300k 200k',
    'write -P 3 41942528 512',
  ];
  await run('qemu-io', ...writes.flatMap((command) => ['-c', command]), source);
});
afterEach(() => rm(folder, { recursive: true }));

function request(overwrite: boolean): RestoreRequest {
  const slot = { bus: 'virtio', controller: 0, unit: 0 } as const;
  return {
    spec: {
      schema: 1,
      name: 'm',
      platform: 'image',
      firmware: 'unknown',
      architecture: 'unknown',
      disks: [],
      nics: [],
    },
    disks: [{ id: DISK, number: 0, slot, sizeBytes: 40 * MIB, sectorBytes: 512 }],
    into: 'disks-only',
    overwrite,
    start: false,
    options: {},
  };
}

/** Restores the image; `stopAfter` = bytes after which the first attempt is given up and a second one resumes. */
async function restore(options: ImageTargetOptions, overwrite = false, stopAfter = 0): Promise<string> {
  const target = guardTarget(createImageTarget(options));
  const { plan, findings } = await target.check(request(overwrite));
  if (plan === null) throw new Error(JSON.stringify(findings));
  let saved: RestoreState | undefined;
  const save = async (state: RestoreState): Promise<void> => {
    saved = state;
  };
  const attempt = async (lengthBytes: number): Promise<string> => {
    const resume = saved === undefined ? {} : { resume: saved };
    await using writer = await target.begin(plan, { fence: soloFence, save, ...resume });
    await using reader = await openDiskImage(source, { format: 'qcow2' });
    const to = writer.disks.get(DISK);
    if (to === undefined) throw new Error('no writer');
    await copyBlocks({ from: reader, to, extents: reader.extents({ offset: 0, length: lengthBytes }) });
    await to.flush();
    if (lengthBytes < 40 * MIB) return '';
    return (await writer.commit()).disks[0]?.location ?? '';
  };
  if (stopAfter > 0) await attempt(stopAfter);
  return await attempt(40 * MIB);
}

describeWithPeers(['qemu-img', 'qemu-io'], 'restored files', () => {
  it.each([
    ['raw', { format: 'raw' }],
    ['qcow2', { format: 'qcow2' }],
    ['qcow2, compressed with zlib', { format: 'qcow2', compression: 'zlib' }],
    ['qcow2, compressed with zstd', { format: 'qcow2', compression: 'zstd' }],
    ['vmdk', { format: 'vmdk' }],
    ['vmdk, streamOptimized', { format: 'vmdk', subformat: 'streamOptimized' }],
    ['vhd', { format: 'vhd' }],
    ['vhdx', { format: 'vhdx' }],
  ] as const)('are what qemu-img reads from the source: %s', async (_name, { format, ...rest }) => {
    for (const stopAfter of [0, 6 * MIB]) {
      const path = join(folder, `restored-${stopAfter}`);
      const location = await restore({ path, format, ...rest }, false, stopAfter);
      expect(
        await run(
          'qemu-img',
          'compare',
          '-F',
          format === 'vhd' ? 'vpc' : format,
          '-f',
          'qcow2',
          source,
          location,
        ),
      ).toContain('identical');
      if (format === 'qcow2') await run('qemu-img', 'check', '-f', format, location);
    }
  });
});

describeWithPeers(['qemu-img', 'qemu-io', 'loop-mounts'], 'a restored device', () => {
  it('holds the disk, and nothing of what was there; it is refused unless devices are allowed', async () => {
    const backing = join(folder, 'device');
    await run('qemu-img', 'create', '-q', '-f', 'raw', backing, '48M');
    await run('qemu-io', '-f', 'raw', '-c', 'write -P 9 0 48M', backing);
    const device = (await run('losetup', '--find', '--show', backing)).trim();
    try {
      await expect(restore({ path: device }, true)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
      await expect(restore({ path: device, allowDevice: true })).rejects.toMatchObject({
        code: 'ALREADY_EXISTS',
      });
      await restore({ path: device, allowDevice: true }, true);
    } finally {
      await run('losetup', '--detach', device);
    }
    await run('qemu-img', 'resize', '-q', '-f', 'raw', '--shrink', backing, '40M');
    expect(await run('qemu-img', 'compare', '-f', 'qcow2', '-F', 'raw', source, backing)).toContain(
      'identical',
    );
  });
});
