import { expect, it } from 'vitest';
import { parseLibvirtSourcePlace } from './libvirt-source-place.ts';
import { resolveSource } from './resolve-source.ts';

it('reads the domain and the settings of a libvirt source', () => {
  expect(parseLibvirtSourcePlace('web 1', '/here')).toEqual({ libvirt: { domain: 'web 1' } });
  expect(parseLibvirtSourcePlace('web?uri=qemu:///session?socket=/run/s&scratch=fast', '/here')).toEqual({
    libvirt: { domain: 'web', uri: 'qemu:///session?socket=/run/s' },
    scratch: '/here/fast',
  });
});

it('refuses what it does not know', async () => {
  await expect(resolveSource('libvirt:web?colour=red')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await expect(resolveSource('libvirt:?uri=qemu:///session')).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
  await expect(resolveSource('libvirt:web', { format: 'raw' })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
});
