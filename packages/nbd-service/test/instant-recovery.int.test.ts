import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { connectNbd } from '@sendense/blockio-nbd/client';
import { nbdCopy } from '@sendense/tests/nbd';
import { describeWithPeers } from '@sendense/tests/peers';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bootDisk } from './support/boot-disk.ts';
import { makeWorld, type World } from './support/world.ts';

const DISK_BYTES = 3 * 1024 * 1024;
/** The guest ends QEMU by writing 0 to isa-debug-exit, which makes it 1. */
const ENDED_BY_GUEST = 1;

/** Boots a machine from the disk at `uri`; resolves with what it wrote to its serial port. */
async function boot(uri: string): Promise<string> {
  const machine = [
    '-machine',
    'pc',
    '-accel',
    'tcg',
    '-m',
    '32',
    '-nodefaults',
    '-display',
    'none',
    '-no-reboot',
  ];
  const devices = ['-serial', 'stdio', '-device', 'isa-debug-exit,iobase=0xf4'];
  const disk = ['-drive', `file=${uri},format=raw,if=ide`];
  const run = await execa('qemu-system-x86_64', [...machine, ...devices, ...disk], {
    stdin: 'ignore',
    timeout: 60_000,
    reject: false,
  });
  if (run.exitCode !== ENDED_BY_GUEST)
    throw new Error(`QEMU ended with ${run.exitCode}: ${run.stderr}${run.stdout}`);
  return run.stdout;
}

describeWithPeers(['qemu-system-x86_64', 'nbdcopy'], 'a machine that boots from a recovery point', () => {
  let world: World;
  beforeAll(async () => {
    world = await makeWorld(bootDisk(DISK_BYTES));
    await world.put('point.json', { point: world.point(world.full, 0), name: 'point' });
    await world.put('machine.json', { point: world.point(world.full, 0), name: 'machine', writable: true });
  });
  afterAll(() => world[Symbol.asyncDispose]());

  it('runs and writes through an overlay, keeps what it wrote while it is exported, and leaves the point as it was', async () => {
    const service = await world.start();
    const uri = service.exports.find(({ name }) => name === 'machine')?.uri ?? '';
    expect(await boot(uri)).toContain('boot 1 of the point');
    expect(await boot(uri)).toContain('boot 2 of the point');
    const second = new Uint8Array(512);
    {
      await using machine = await connectNbd({ address: service.address, export: 'machine' });
      await machine.read(512, second);
    }
    expect(second[0]).toBe(2);
    const copy = join(world.folder, 'point.raw');
    await nbdCopy(service.exports.find(({ name }) => name === 'point')?.uri ?? '', copy);
    expect((await readFile(copy)).equals(world.disks.full[0] ?? Buffer.alloc(0))).toBe(true);

    await rm(join(world.confDirectory, 'machine.json'));
    await service.reload();
    expect(await world.overlays()).toEqual([]);
    await world.put('machine.json', { point: world.point(world.full, 0), name: 'machine', writable: true });
    await service.reload();
    expect(await boot(uri)).toContain('boot 1 of the point');
  });
});
