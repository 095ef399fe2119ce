import { expect, it } from 'vitest';
import { parseLibvirtPlace } from './libvirt-place.ts';
import { resolveTarget, targetNameOf } from './resolve-target.ts';

it('reads the settings that a name carries', () => {
  const name =
    'web 1?uri=qemu%3A%2F%2F%2Fsession&folder=disks&network=default&network=VM Network=bridge:br0&network=DMZ=none&type=qemu';
  expect(parseLibvirtPlace(name, '/here')).toEqual({
    folder: '/here/disks',
    options: {
      name: 'web 1',
      uri: 'qemu:///session',
      folder: '/here/disks',
      domainType: 'qemu',
      defaultNetwork: { network: 'default' },
      networks: { 'VM Network': { bridge: 'br0' }, DMZ: 'none' },
    },
  });
  expect(parseLibvirtPlace('web', '/here')).toEqual({
    folder: '/var/lib/libvirt/images',
    options: { name: 'web', folder: '/var/lib/libvirt/images', networks: {} },
  });
});

it.each(['web?colour=red', 'web?type=xen', '-web', 'a/b', '?folder=/x', 'web?firmware=coreboot'])(
  'refuses libvirt:%s with CONFIG_INVALID',
  async (name) => {
    await expect(resolveTarget(`libvirt:${name}`)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  },
);

it('opens a target again by the name of its place', async () => {
  for (const name of ['libvirt:web?folder=/disks', 'image:/disks/', 'image:/disk.raw']) {
    const { place } = await resolveTarget(name);
    expect(targetNameOf(place)).toBe(name);
    expect((await resolveTarget(targetNameOf(place))).place).toEqual(place);
  }
});
