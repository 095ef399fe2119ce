import { chown, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { QemuSourceOptions } from '@sendense/source-qemu';
import { bootGuest } from '@sendense/tests/guest';
import { describeUnless, describeWithPeers } from '@sendense/tests/peers';
import { LIBVIRT_QEMU, startRestrictedLibvirt } from '@sendense/tests/rights';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { LiveBench } from './live-bench.ts';

const PROGRAM = fileURLToPath(new URL('./freezing-process.ts', import.meta.url));
const NOBODY = 65_534;

/** Those that docs/guides/libvirt.md names. */
const RIGHTS = [
  'connect.getattr',
  'domain.block-write',
  'domain.checkpoint',
  'domain.fs-freeze',
  'domain.getattr',
  'domain.read',
  'domain.write',
];

/** Two backups in a process of this user; resolves with what it printed. */
async function backUpAs(user: number, options: QemuSourceOptions): Promise<string> {
  const args = [...process.execArgv, PROGRAM, JSON.stringify({ options, user })];
  return (await execa(process.execPath, args, { reject: false, all: true })).all;
}

function twoBackups(consistency: string, findings: unknown): unknown[] {
  const kinds = ['full', 'incremental'].map((kind) => ({ kind, consistency, findings }));
  return [...kinds, { reconciled: [] }];
}

describeWithPeers(
  ['libvirt-policy', 'guest', 'libvirt', 'qemu-img', 'ext4-tools'],
  'a backup by a user who has only what the guide names',
  () => {
    it('of libvirt needs each right that polkit grants, and no other', async () => {
      await using libvirt = await startRestrictedLibvirt('web', RIGHTS);
      await using machine = await bootGuest(libvirt, 'web');
      const scratch = await libvirt.makeFolder('scratch');
      const options = { libvirt: { domain: machine.name, uri: libvirt.uri }, scratch };
      const said = await backUpAs(LIBVIRT_QEMU, options);
      expect(JSON.parse(said)).toEqual(twoBackups('filesystem', []));
      expect(machine.guest.takeHooks()).toEqual(['freeze', 'thaw', 'freeze', 'thaw']);
      expect(await libvirt.asked()).toEqual(RIGHTS);
      expect(await backUpAs(NOBODY, options)).toMatch(/access denied[\s\S]*PERMISSION_DENIED/);
    }, 240_000);
  },
);

const noRoot = process.getuid?.() === 0 ? null : 'another user can be taken by root only';

describeWithPeers(['qemu-system-x86_64', 'qemu-img'], 'a backup by the user of a plain QEMU', () => {
  describeUnless(noRoot, 'who is not root', () => {
    it('needs the monitor and a folder that is theirs', async () => {
      const user = ['-runas', `${LIBVIRT_QEMU}:${LIBVIRT_QEMU}`];
      await using bench = await LiveBench.open({ count: 2, sizeBytes: 2 ** 20 }, { args: user });
      const { socket } = bench.qemu;
      for (const path of [bench.folder, socket]) await chown(path, LIBVIRT_QEMU, LIBVIRT_QEMU);
      expect((await stat(join(bench.folder, 'vd0.qcow2'))).uid).toBe(0); // QEMU opened it, the backup does not
      const said = JSON.parse(await backUpAs(LIBVIRT_QEMU, { qmp: socket }));
      const [full, , increment] = said;
      expect([full, increment]).toMatchObject(
        twoBackups('crash', [{ code: 'consistency-weakened' }]).slice(0, 2),
      );
      expect(await backUpAs(NOBODY, { qmp: socket })).toContain('PERMISSION_DENIED');
    });
  });
});
