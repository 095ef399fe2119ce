import { describe, expect, it } from 'vitest';
import { vddkArguments } from './vddk-arguments.ts';

const DISK = {
  host: 'vc.example',
  user: 'backup@vsphere.local',
  machine: 'vm-1',
  snapshot: 'snapshot-2',
  fileName: '[ds] a b/c.vmdk',
};
const FILES = { socket: '/run/x/nbd', pid: '/run/x/pid' };
const SHA1 = '00112233445566778899aabbccddeeff00112233';

describe('the arguments of nbdkit with VDDK', () => {
  it('name the disk of the snapshot, the descriptor of the password, and the certificate by its SHA-1', () => {
    const args = vddkArguments(
      { thumbprint: SHA1.toUpperCase(), vddk: { libdir: '/opt/vddk' } },
      DISK,
      FILES,
    );
    expect(args.slice(args.indexOf('vddk'))).toEqual([
      'vddk',
      'libdir=/opt/vddk',
      'server=vc.example',
      'user=backup@vsphere.local',
      'password=-3',
      'thumbprint=00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33',
      'vm=moref=vm-1',
      'snapshot=snapshot-2',
      '[ds] a b/c.vmdk',
    ]);
  });

  it.each([undefined, 'ab'.repeat(32)])('are none without a SHA-1, which VDDK needs: %s', (thumbprint) => {
    const build = () => vddkArguments({ thumbprint, vddk: { libdir: '/opt/vddk' } }, DISK, FILES);
    expect(build).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', remedy: expect.any(String) }));
  });
});
