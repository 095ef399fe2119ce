import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TEST_KEYS } from '@sendense/tests/objects';
import { describeWithPeers } from '@sendense/tests/peers';
import { LiveQemu } from '@sendense/tests/qemu';
import { expect, it } from 'vitest';
import { ctlJson } from '../../packages/cli/test/run-ctl.ts';
import { startGateway } from '../../packages/repository-s3/test/fixtures.ts';
import { VcenterBench } from '../../packages/target-vmware/test/vcenter-bench.ts';
import { createImage, toRaw } from './qemu.ts';

const MIB = 2 ** 20;
const UUID = '6f1d1f3e-8a43-4b7c-9b0e-0a1b2c3d4e5f';
const PEERS = ['test-vcenter', 'versitygw'];

/** A vCenter, a bucket, and the home of a command line that knows the accounts of both. */
class Scene implements AsyncDisposable {
  readonly home: string;
  readonly bench: VcenterBench;
  readonly repository: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #gateway: AsyncDisposable;

  private constructor(home: string, bench: VcenterBench, gateway: Awaited<ReturnType<typeof startGateway>>) {
    this.home = home;
    this.bench = bench;
    this.#gateway = gateway;
    this.repository = `s3://plain/office?endpoint=${gateway.endpoint}`;
    this.#env = {
      SENDENSE_PASSPHRASE: 'a passphrase that nobody may see',
      AWS_ACCESS_KEY_ID: TEST_KEYS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: TEST_KEYS.secretAccessKey,
      SENDENSE_VMWARE_USER: bench.server.user,
      SENDENSE_VMWARE_PASSWORD: bench.server.password,
      SENDENSE_VMWARE_CA_FILE: bench.server.caFile,
    };
  }

  static async open(): Promise<Scene> {
    const home = await mkdtemp(path.join(tmpdir(), 'sendense-to-vmware-'));
    const scene = new Scene(home, await VcenterBench.start(), await startGateway());
    await scene.ctl('repository', 'init', '--repository', scene.repository);
    return scene;
  }

  ctl(...args: string[]): Promise<Record<string, unknown>> {
    return ctlJson(this.home, args, 0, this.#env);
  }

  backup(source: string, ...flags: string[]): Promise<Record<string, unknown>> {
    return this.ctl('backup', 'start', '--source', source, '--repository', this.repository, ...flags);
  }

  /** The name of a machine of the vCenter, there or to be. */
  machine(name: string): string {
    return `${this.bench.server.url.replace('https:', 'vmware:')}/${name}`;
  }

  /** Restores a point to a new machine of the vCenter; resolves with what its disks hold. */
  async restored(point: unknown, name: string, disks: number): Promise<Buffer[]> {
    const place = `${this.machine(name)}?pool=DC0_C0&network=VM Network`;
    const what = ['--repository', this.repository, '--backup-id', String(point)];
    const { verified } = await this.ctl('restore', 'start', ...what, '--target', place);
    if (verified !== true) throw new Error(`the restore of ${String(point)} is not verified`);
    return this.contents(name, disks);
  }

  contents(name: string, disks: number): Promise<Buffer[]> {
    return Promise.all(Array.from({ length: disks }, (_, number) => this.bench.content(name, number)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gateway[Symbol.asyncDispose]();
    await this.bench[Symbol.asyncDispose]();
    await rm(this.home, { recursive: true, force: true });
  }
}

const equal = (disks: readonly Buffer[], truth: readonly Buffer[]) =>
  disks.map((disk, index) => disk.equals(truth[index] ?? Buffer.alloc(0)));

describeWithPeers(
  [...PEERS, 'qemu-img', 'qemu-io', 'qemu-system-x86_64'],
  'a running QEMU in a bucket',
  () => {
    it('becomes a machine of a vCenter, with the bytes of its increment', async () => {
      await using scene = await Scene.open();
      const { home } = scene;
      const disks = ['vda', 'vdb'].map((id) => ({ id, path: path.join(home, `${id}.qcow2`) }));
      for (const disk of disks) await createImage(disk.path, 6 * MIB);
      await using qemu = await LiveQemu.start({ folder: home, disks, uuid: UUID, name: 'web' });
      await qemu.io('vda', 'write -P 1 0 2M');
      await qemu.io('vdb', 'write -P 2 1M 1M');
      const full = await scene.backup('qemu:qmp.sock');
      await qemu.io('vda', 'write -P 3 512k 64k');
      await qemu.io('vdb', 'write -P 4 5M 4k');
      const increment = await scene.backup('qemu:qmp.sock');
      expect([full.kind, increment.kind]).toEqual(['full', 'incremental']);
      await qemu.quit();
      const truths: Buffer[] = [];
      for (const { id, path: image } of disks) {
        const raw = path.join(home, `${id}.raw`);
        await toRaw(image, raw);
        truths.push(await readFile(raw));
      }
      expect(equal(await scene.restored(increment.pointId, 'web', 2), truths)).toEqual([true, true]);
    });
  },
);

describeWithPeers(PEERS, 'a machine of a vCenter in a bucket', () => {
  it('comes back beside itself as it was in full and at each increment', async () => {
    await using scene = await Scene.open();
    const { server } = scene.bench;
    const points: unknown[] = [];
    const truths: Buffer[][] = [];
    for (const [round, kind] of ['full', 'incremental', 'incremental'].entries()) {
      const write = { machine: 'app-1', offsetBytes: 300_000 + round * 200_000, length: 200_000 };
      await server.control('guest-write', { ...write, seed: `round ${round}` });
      const made = await scene.backup(scene.machine('app-1'));
      expect(made.kind).toBe(kind);
      points.push(made.pointId);
      truths.push(await scene.contents('app-1', 3));
    }
    expect(truths[0]?.[0]?.equals(truths[2]?.[0] ?? Buffer.alloc(0))).toBe(false);
    for (const [round, point] of points.entries()) {
      const disks = await scene.restored(point, `app-1-of-${round}`, 3);
      expect(equal(disks, truths[round] ?? []), `round ${round}`).toEqual([true, true, true]);
    }
  });
});
