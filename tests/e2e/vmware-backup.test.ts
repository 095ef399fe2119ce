import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { seededBytes } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { expect, it } from 'vitest';
import { ctlJson } from '../../packages/cli/test/run-ctl.ts';
import { Guest } from '../../packages/source-vmware/test/guest.ts';
import { VcenterBench } from '../../packages/source-vmware/test/vcenter-bench.ts';

const MIB = 2 ** 20;
/** What change tracking counts in. */
const BLOCK_BYTES = 64 * 1024;
const CREDENTIALS = { SENDENSE_PASSPHRASE: 'a passphrase that nobody may see' };

/** Posts what it is given as a write of the guest. */
const HOOK = `import { readFile } from 'node:fs/promises';
const [url, file] = process.argv.slice(2);
const answer = await fetch(url, { method: 'POST', body: await readFile(file) });
if (!answer.ok) throw new Error(await answer.text());
`;

type Made = { readonly pointId: string; readonly kind: string; readonly bytesRead: number };

/** A machine with a running guest, backed up by the command line in a home of its own. */
class Scene implements AsyncDisposable {
  readonly home: string;
  readonly bench: VcenterBench;
  readonly guest: Guest;
  #seed = 1000;

  private constructor(home: string, bench: VcenterBench, guest: Guest) {
    this.home = home;
    this.bench = bench;
    this.guest = guest;
  }

  static async open(sizes: readonly number[]): Promise<Scene> {
    const home = await mkdtemp(path.join(tmpdir(), 'sendense-vmware-'));
    const bench = await VcenterBench.start();
    await writeFile(path.join(home, 'hook.mjs'), HOOK);
    return new Scene(home, bench, await Guest.boot(bench, sizes));
  }

  ctl(...args: string[]): Promise<Record<string, unknown>> {
    const { user, password, caFile } = this.bench.server;
    const account = {
      SENDENSE_VMWARE_USER: user,
      SENDENSE_VMWARE_PASSWORD: password,
      SENDENSE_VMWARE_CA_FILE: caFile,
    };
    return ctlJson(this.home, args, 0, { ...account, ...CREDENTIALS });
  }

  get source(): string {
    return `${this.bench.server.url.replace('https:', 'vmware:')}/${this.guest.machine.name}`;
  }

  /** Backs the machine up; as soon as it is frozen its guest writes to block `block` of the first disk. */
  async backup(repository: string, block: number, ...flags: string[]): Promise<Made> {
    const offsetBytes = block * BLOCK_BYTES;
    const data = seededBytes(this.#seed++, BLOCK_BYTES);
    const { name, keys } = this.guest.machine;
    const write = { machine: name, key: keys[0], offsetBytes, bytes: Buffer.from(data).toString('base64') };
    await writeFile(path.join(this.home, 'write.json'), JSON.stringify(write));
    const hook = `"${process.execPath}" hook.mjs ${this.bench.server.controlUrl}/guest-write write.json`;
    const start = ['backup', 'start', '--source', this.source, '--repository', repository];
    const made = await this.ctl(...start, '--post-freeze', hook, ...flags);
    this.guest.disks[0]?.set(data, offsetBytes);
    return made as Made;
  }

  /** The bytes that were sent for what `run` does, beside those of the API. */
  async transferred<T>(run: () => Promise<T>): Promise<{ readonly value: T; readonly bytes: number }> {
    await this.bench.server.control('transfer-count');
    const value = await run();
    return { value, ...(await this.bench.server.control<{ bytes: number }>('transfer-count')) };
  }

  /** The disks of a point, restored to raw files. */
  async restored(repository: string, point: string): Promise<Buffer[]> {
    const folder = path.join(this.home, `restored-${point}`);
    const what = ['--repository', repository, '--backup-id', point, '--format', 'raw'];
    const { verified } = await this.ctl('restore', 'start', ...what, '--target', `image:${folder}/`);
    if (verified !== true) throw new Error(`the restore of ${point} is not verified`);
    const files = this.guest.disks.map((_, index) => path.join(folder, `disk-${index}.raw`));
    return Promise.all(files.map((file) => readFile(file)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bench[Symbol.asyncDispose]();
    await rm(this.home, { recursive: true, force: true });
  }
}

/** How much of the blocks of change tracking differs. */
function changedBytes(before: readonly Buffer[], after: readonly Buffer[]): number {
  let bytes = 0;
  for (const [index, disk] of after.entries()) {
    for (let at = 0; at < disk.length; at += BLOCK_BYTES) {
      const block = disk.subarray(at, at + BLOCK_BYTES);
      if (!block.equals(before[index]?.subarray(at, at + BLOCK_BYTES) ?? block)) bytes += block.length;
    }
  }
  return bytes;
}

const equal = (disks: readonly Buffer[], truth: readonly Buffer[] | undefined) =>
  disks.map((disk, index) => disk.equals(truth?.[index] ?? Buffer.alloc(0)));

describeWithPeers(['test-vcenter'], 'a running machine of a vCenter, by the command line', () => {
  it('is backed up in full and by its changes, into chains and into objects, and restored as it was at each snapshot', async () => {
    await using scene = await Scene.open([6 * MIB, 2 * MIB + 1536]);
    const { guest } = scene;
    for (const repository of ['backups', 'dir:objects'])
      await scene.ctl('repository', 'init', '--repository', repository);
    await guest.write(0, 0, 3 * MIB);
    await guest.write(1, 100_000, 300_000);
    const dry = ['backup', 'start', '--source', scene.source, '--repository', 'backups', '--dry-run'];
    expect(await scene.ctl(...dry)).toMatchObject({ kind: 'full', reason: 'first-backup' });
    const truths: Buffer[][] = [];
    const chain: Made[] = [];
    const objects: Made[] = [];
    for (const [round, kind] of ['full', 'incremental', 'incremental', 'incremental'].entries()) {
      const type = ['--type', kind];
      const before = truths.at(-2); // of the last point in this repository
      const stored = await scene.transferred(() => {
        truths.push(guest.now());
        return scene.backup('backups', 50 + round, ...type);
      });
      if (before !== undefined) {
        const most = 1.05 * changedBytes(before, truths.at(-1) ?? []);
        expect(stored.value.bytesRead).toBeLessThanOrEqual(most);
        expect(stored.bytes).toBeLessThanOrEqual(most);
      }
      chain.push(stored.value);
      truths.push(guest.now());
      objects.push(await scene.backup('dir:objects', 60 + round, ...type));
      await guest.write(0, 4 * MIB + 512, 4096);
      await guest.write(1, 2 * MIB, 1536);
    }
    expect([...chain, ...objects].map(({ kind }) => kind).join()).toBe(
      'full,incremental,incremental,incremental,full,incremental,incremental,incremental',
    );
    expect(await scene.bench.snapshots(guest.machine)).toEqual([]);
    for (const [round, { pointId }] of chain.entries())
      expect(equal(await scene.restored('backups', pointId), truths[2 * round])).toEqual([true, true]);
    for (const round of [1, 3]) {
      const point = objects[round]?.pointId ?? '';
      expect(equal(await scene.restored('dir:objects', point), truths[2 * round + 1])).toEqual([true, true]);
    }
  });
});
