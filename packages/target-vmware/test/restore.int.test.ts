import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Repository, Secret, type SourceConnector } from '@sendense/core';
import { createEngine } from '@sendense/engine';
import { createLocalRepository } from '@sendense/repository-local';
import { createImageSource } from '@sendense/source-image';
import { createVmwareSource } from '@sendense/source-vmware';
import { createMemoryJournal, seededBytes } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { variableStore } from '@sendense/tests/vmware';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RESTORE_RIGHTS } from './restore-rights.ts';
import { useBench } from './vcenter-bench.ts';

const MIB = 2 ** 20;

describeWithPeers(['test-vcenter'], 'restores to a vCenter', () => {
  const bench = useBench();
  let folder: string;
  let repository: Repository;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sendense-to-vmware-'));
    repository = await createLocalRepository({ path: join(folder, 'chain') });
  });
  afterEach(async () => {
    await repository[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
    await bench().clear();
  });

  const engine = createEngine({ journal: createMemoryJournal() });

  /** A backup of the first machine of a source. */
  async function backedUp(source: SourceConnector, name?: string) {
    for await (const { machine, name: found } of source.machines()) {
      if (name === undefined || found === name) return await engine.backup({ source, machine, repository });
    }
    throw new Error('the source has no machine');
  }

  const backUp = async (source: SourceConnector, name?: string) => (await backedUp(source, name)).pointId;

  async function vcenter(): Promise<SourceConnector> {
    const { url: address, user, password, caFile } = bench().server;
    const caPem = await readFile(caFile, 'utf8');
    return createVmwareSource(
      { address, user, caPem },
      { secrets: { get: async () => new Secret(password) } },
    );
  }

  it.each(['lease', 'datastore'] as const)(
    'bring a machine of three disks back by %s: its bytes, controllers, firmware, size',
    async (via) => {
      await bench().server.control('guest-write', {
        machine: 'app-1',
        offsetBytes: 300_000,
        seed: 'a',
        length: 200_000,
      });
      await using from = await vcenter();
      const point = await backUp(from, 'app-1');
      await using target = bench().target({
        via,
        defaultNetwork: { network: 'VM Network' },
        scsiController: 'pvscsi',
      });
      const result = await engine.restore({ repository, point, target });
      expect(result).toMatchObject({ verified: true });
      // those of a machine with a TPM are encrypted
      expect(result.findings.map(({ code }) => code)).toContain('nvram-lost');
      const { machine } = await bench().machine('restored');
      const { machine: old } = await bench().machine('app-1');
      expect(result.machine?.id).toBe(machine.instanceUuid);
      expect(machine).toMatchObject({
        cpus: 4,
        coresPerSocket: 2,
        memoryMib: 256,
        firmware: 'efi',
        secureBoot: true,
        power: 'off',
      });
      expect(machine.disks.map(({ slot, sizeBytes }) => [slot, sizeBytes])).toEqual(
        old.disks.map(({ slot, sizeBytes }) => [slot, sizeBytes]),
      );
      for (const number of old.disks.keys()) {
        const same = (await bench().content('restored', number)).equals(
          await bench().content('app-1', number),
        );
        expect(same, `disk ${number}`).toBe(true);
      }
      expect(await bench().annotation('restored')).toMatch(/ finished, named restored\]$/);
      expect((await bench().objects()).filter((name) => name.includes('-disk-'))).toEqual([]);
    },
  );

  it.each(['lease', 'datastore'] as const)(
    'bring an increment back by %s: the bytes of its instant, not those of before or since',
    async (via) => {
      const write = (offsetBytes: number, length: number) =>
        bench().server.control('guest-write', {
          machine: 'app-1',
          offsetBytes,
          seed: `${via} ${offsetBytes}`,
          length,
        });
      const contents = async (name: string) =>
        await Promise.all([0, 1, 2].map((number) => bench().content(name, number)));
      await using from = await vcenter();
      await backUp(from, 'app-1');
      await write(131_072, 70_000);
      const instant = await contents('app-1');
      const { kind, pointId: point } = await backedUp(from, 'app-1');
      expect(kind).toBe('incremental');
      await write(100_000, 200_000);
      await using target = bench().target({ via, defaultNetwork: { network: 'VM Network' } });
      expect(await engine.restore({ repository, point, target })).toMatchObject({ verified: true });
      const restored = await contents('restored');
      expect(restored.map((disk, number) => disk.equals(instant[number] ?? disk))).toEqual([
        true,
        true,
        true,
      ]);
      expect(restored[0]?.equals((await contents('app-1'))[0] ?? Buffer.alloc(0))).toBe(false);
    },
  );

  /** A point of a UEFI machine without a TPM, and its variables. */
  async function uefiPoint(variables: Uint8Array = variableStore(41)) {
    await using from = await vcenter();
    await using target = bench().target({ defaultNetwork: { network: 'VM Network' } });
    await engine.restore({ repository, point: await backUp(from, 'app-1'), target });
    await writeFile(join(bench().server.datastoreDir, 'restored', 'restored.nvram'), variables);
    return { point: await backUp(from, 'restored'), variables };
  }

  it('put the UEFI variables of a machine beside the new one, which names their file', async () => {
    const { point, variables } = await uefiPoint();
    await using target = bench().target({ name: 'again', defaultNetwork: { network: 'VM Network' } });
    const result = await engine.restore({ repository, point, target });
    expect(result.findings.map(({ code }) => code)).not.toContain('nvram-lost');
    const file = (await bench().setting('again', 'nvram')) ?? '';
    const restored = await readFile(join(bench().server.datastoreDir, 'again', file));
    expect(restored.equals(variables)).toBe(true);
  });

  it('do not put UEFI variables that are ciphertext, and tell that they are lost', async () => {
    const { point } = await uefiPoint(seededBytes(42, 264 * 1024));
    await using target = bench().target({ name: 'again', defaultNetwork: { network: 'VM Network' } });
    const result = await engine.restore({ repository, point, target });
    expect(result.findings.filter(({ code }) => code === 'nvram-lost')).toMatchObject([
      { message: expect.stringMatching(/encrypted, or of an unknown form/) },
    ]);
    expect(await bench().setting('again', 'nvram')).toBeUndefined();
  });

  it('make the machine without its UEFI variables where the user may not name their file, which is told', async () => {
    const { point } = await uefiPoint();
    await using target = bench().target({ name: 'again', defaultNetwork: { network: 'VM Network' } });
    const advanced = 'VirtualMachine.Config.AdvancedConfig';
    const privileges = RESTORE_RIGHTS.filter((right) => right !== advanced);
    await bench().server.control('settings', { privileges });
    try {
      const result = await engine.restore({ repository, point, target });
      const told = result.findings.filter(({ code }) => code === 'nvram-lost');
      expect(told).toMatchObject([
        { message: expect.stringContaining('VirtualMachine.Config.AdvancedConfig') },
      ]);
    } finally {
      await bench().server.control('settings', { privileges: [] });
    }
    expect(await bench().setting('again', 'nvram')).toBeUndefined();
    expect((await bench().machine('again')).machine).toMatchObject({ firmware: 'efi' });
  });

  it('make a running machine of raw images that were backed up elsewhere', async () => {
    await mkdir(join(folder, 'images'));
    const disks = [seededBytes(1, 3 * MIB + 512), new Uint8Array(2 * MIB)];
    disks[1]?.set(seededBytes(2, 70_000), MIB);
    for (const [index, bytes] of disks.entries())
      await writeFile(join(folder, 'images', `disk-${index}.raw`), bytes);
    await using from = createImageSource({ path: join(folder, 'images'), format: 'raw' });
    const point = await backUp(from);
    await using target = bench().target();
    const result = await engine.restore({ repository, point, target, start: true });
    expect(result.verified).toBe(true);
    expect((await bench().machine('restored')).machine).toMatchObject({ power: 'on', firmware: 'bios' });
    for (const [index, bytes] of disks.entries()) {
      const content = await bench().content('restored', index);
      const wanted = Buffer.alloc(content.byteLength);
      wanted.set(bytes);
      expect(content.equals(wanted), `disk ${index}`).toBe(true);
    }
  });

  it('are undone without a trace', async () => {
    const before = await bench().objects();
    await using from = await vcenter();
    const point = await backUp(from, 'app-1');
    await using target = bench().target({ defaultNetwork: 'none' });
    await bench().server.control('settings', { full: true });
    await expect(engine.restore({ repository, point, target })).rejects.toMatchObject({ code: 'NO_SPACE' });
    await bench().server.control('settings', { full: false });
    expect(await bench().objects()).toEqual(before);
  });
});
