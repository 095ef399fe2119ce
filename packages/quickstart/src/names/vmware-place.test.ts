import { expect, it } from 'vitest';
import { resolveSource } from './resolve-source.ts';
import { parseVmwarePlace } from './vmware-place.ts';

const nothing = { machine: undefined, datacenter: undefined, datastore: undefined };

it.each([
  ['//vc.example/web', { server: 'vc.example', machine: 'web' }],
  ['//vc.example:8443/web 1', { server: 'vc.example:8443', machine: 'web 1' }],
  ['//[::1]:443/web', { server: '[::1]:443', machine: 'web' }],
  ['//vc.example/DC0/vm/a%2Fb/web%20%3F1', { server: 'vc.example', machine: 'DC0/vm/a/b/web ?1' }],
  [
    '//vc.example/web?dc=/Europe/DC1/&ds=fast',
    { server: 'vc.example', machine: 'web', datacenter: 'Europe/DC1', datastore: 'fast' },
  ],
  ['//vc.example', { server: 'vc.example' }],
  ['//vc.example/?dc=DC0', { server: 'vc.example', datacenter: 'DC0' }],
])('reads the server, the machine and what narrows it of vmware:%s', (rest, place) => {
  expect(parseVmwarePlace(rest)).toEqual({ ...nothing, ...place });
});

it.each([
  'vc.example/web',
  '//',
  '///web',
  '//vc.example/100%',
  '//vc.example/web?colour=red',
  '//vc.example/web?dc=',
])('refuses vmware:%s with CONFIG_INVALID', (rest) => {
  expect(() => parseVmwarePlace(rest)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});

it('refuses what is of image files, and a source without an account', async () => {
  const vmwareAccount = async () => Promise.reject(new Error('nobody was to be asked'));
  for (const options of [{ format: 'raw' as const }, { parents: ['/x'] }, { name: 'web' }])
    await expect(
      resolveSource('vmware://vc.example/web', { ...options, vmwareAccount }),
    ).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      remedy: expect.stringContaining('leave them out') as string,
    });
  await expect(resolveSource('vmware://vc.example/web', { vmwareAccount })).rejects.toThrow(
    'nobody was to be asked',
  );
});
