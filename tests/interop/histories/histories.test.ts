import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLibvirt } from '@sendense/tests/libvirt';
import { describeWithPeers } from '@sendense/tests/peers';
import { testScale, testSeed } from '@sendense/tests/scale';
import { expect, it } from 'vitest';
import { History } from './history.ts';
import { libvirtMachines } from './libvirt-machine.ts';
import { openLiveMachine } from './live-machine.ts';
import { type OpenMachine, openStoppedMachine } from './machine.ts';

const HISTORIES = Math.ceil(14 * testScale());
const LIVE_HISTORIES = Math.ceil(6 * testScale());
const LIBVIRT_HISTORIES = Math.ceil(2 * testScale());
const ACTS = 22;
/** Process death keeps what the kernel has: memory will do, and syncs cost nothing there. */
const ROOM = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

async function liveThrough(histories: number, openMachine: OpenMachine): Promise<{ crashes: number }> {
  const total = { backups: 0, crashes: 0, images: 0 };
  for (let seed = testSeed(); seed < testSeed() + histories; seed += 1) {
    const folder = await mkdtemp(join(ROOM, 'sendense-history-'));
    await using history = await History.begin(folder, seed, openMachine);
    try {
      for (let act = 0; act < ACTS; act += 1) await history.act();
      total.images += await history.end();
    } catch (error) {
      const told = history.log.join('\n  ');
      throw new Error(`repeat it by SENDENSE_TEST_SEED=${seed}:\n  ${told}`, { cause: error });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    total.backups += history.backups;
    total.crashes += history.crashes;
  }
  console.info(`${histories} histories from seed ${testSeed()}: ${JSON.stringify(total)}`);
  return total;
}

const PEERS = ['qemu-img', 'qemu-io', 'qemu-system-x86_64'] as const;

describeWithPeers(PEERS, 'any history of a machine and its backups', () => {
  it(`leaves every surviving point of a stopped machine equal to its instant, byte for byte (seeds from ${testSeed()})`, {
    timeout: 120_000 * HISTORIES,
  }, async () => {
    const { crashes } = await liveThrough(HISTORIES, openStoppedMachine);
    expect(crashes).toBeGreaterThan(HISTORIES);
  });

  it(`leaves every surviving point of a running QEMU equal to its instant, byte for byte (seeds from ${testSeed()})`, {
    timeout: 120_000 * LIVE_HISTORIES,
  }, async () => {
    const { crashes } = await liveThrough(LIVE_HISTORIES, openLiveMachine);
    expect(crashes).toBeGreaterThan(LIVE_HISTORIES);
  });
});

describeWithPeers([...PEERS, 'libvirt'], 'any history of a domain of libvirt and its backups', () => {
  it(`leaves every surviving point equal to its instant, byte for byte (seeds from ${testSeed()})`, {
    timeout: 120_000 * LIBVIRT_HISTORIES,
  }, async () => {
    await using libvirt = await startLibvirt();
    const { crashes } = await liveThrough(LIBVIRT_HISTORIES, libvirtMachines(libvirt));
    expect(crashes).toBeGreaterThan(0);
  });
});
