import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { seededBytes } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import type { TestVcenter } from '@sendense/tests/vmware';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Guest } from '../../packages/source-vmware/test/guest.ts';
import { VcenterBench } from '../../packages/source-vmware/test/vcenter-bench.ts';
import { VcenterBench as TargetBench } from '../../packages/target-vmware/test/vcenter-bench.ts';
import { toRaw } from './qemu.ts';

const MIB = 2 ** 20;
const EXAMPLES = path.resolve(import.meta.dirname, '../../examples');
const FLAGS = ['--conditions=@sendense/source', '--disable-warning=ExperimentalWarning'];

/** Runs an example in `home` with the account of the server; resolves with its lines. */
async function runExample(home: string, server: TestVcenter, name: string, ...args: string[]) {
  const env = {
    SENDENSE_VMWARE_USER: server.user,
    SENDENSE_VMWARE_PASSWORD: server.password,
    SENDENSE_VMWARE_THUMBPRINT: server.thumbprint,
  };
  const file = path.join(EXAMPLES, `${name}.ts`);
  const { stdout } = await execa(process.execPath, [...FLAGS, file, ...args], { cwd: home, env });
  return stdout.split('\n');
}

describeWithPeers(['test-vcenter', 'qemu-img'], 'the examples of VMware', () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(path.join(tmpdir(), 'sendense-vmware-'));
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  it('back a machine up in full and by its changes, and restore it to images', async () => {
    await using bench = await VcenterBench.start();
    const example = (name: string, ...args: string[]) => runExample(home, bench.server, name, ...args);
    const guest = await Guest.boot(bench, [2 * MIB, MIB]);
    await guest.write(0, 0, MIB);
    const { name } = guest.machine;
    const source = `${bench.server.url.replace('https:', 'vmware:')}/${name}`;
    const full = await example('backup-vmware', source);
    expect(full[0]).toMatch(/^full \S+, filesystem: 3145728 bytes read$/);
    expect(full[1]).toMatch(/^full because /);
    await guest.write(1, 200_000, 5000);
    const [next] = await example('backup-vmware', source);
    expect(next).toMatch(/^incremental \S+, filesystem: 65536 bytes read$/);
    expect(await example('restore-vmware-to-image', 'backups', name)).toEqual([
      expect.stringMatching(new RegExp(`^${name} \\(bios\\) of \\S+Z is in restored$`)),
      '2 disks, verified: true',
    ]);
    for (const [index, truth] of guest.now().entries()) {
      const raw = path.join(home, `disk-${index}.raw`);
      await toRaw(path.join(home, 'restored', `disk-${index}.qcow2`), raw);
      expect((await readFile(raw)).equals(truth)).toBe(true);
    }
  });

  it('make a machine of a disk image', async () => {
    await using bench = await TargetBench.start();
    const disk = seededBytes(7, 3 * MIB);
    await writeFile(path.join(home, 'disk.raw'), disk);
    const target = `${bench.server.url.replace('https:', 'vmware:')}/web?pool=DC0_C0&network=VM Network`;
    const [machine, file] = await runExample(
      home,
      bench.server,
      'restore-image-to-vmware',
      'disk.raw',
      target,
    );
    expect(machine).toMatch(/^machine [0-9a-f-]{36}, verified: true$/);
    expect(file).toBe('[LocalDS_0] web/web.vmdk');
    expect((await bench.content('web')).equals(disk)).toBe(true);
  });
});
