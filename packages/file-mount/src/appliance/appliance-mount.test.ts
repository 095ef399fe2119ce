import { expect, it } from 'vitest';
import { applianceMount } from './appliance-mount.ts';

it('A disk is mounted as a whole by the kernel of the appliance, read-only and without its log', () => {
  expect(applianceMount('squashfs')).toBe('/dev/sda:/:ro,nodev,nosuid,noexec:squashfs');
  expect(applianceMount('xfs')).toBe('/dev/sda:/:ro,nodev,nosuid,noexec,norecovery,nouuid:xfs');
});

it('What no kernel mounts is not asked for', () => {
  for (const kind of ['ntfs', 'swap', 'luks', 'constructor', null])
    expect(applianceMount(kind)).toBeUndefined();
});
