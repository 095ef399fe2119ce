import { expect, it } from 'vitest';
import { configSchema } from '../config/config-schema.ts';
import { entryAt, findPlace } from './find-place.ts';

const config = configSchema.parse({
  sources: { web: { at: 'image:/web', format: 'raw' }, old: 'hyperv://host/vm', bare: '/disk.raw' },
  repositories: { main: '/backups' },
});

it('takes an inline name as it is, and a name of the configuration with its settings', () => {
  expect(findPlace(config, 'source', 'image:/a:b')).toEqual({ text: 'image:/a:b', settings: undefined });
  expect(findPlace(config, 'source', 'web')).toMatchObject({
    text: 'image:/web',
    settings: { format: 'raw' },
  });
  expect(findPlace(config, 'repository', 'main').text).toBe('/backups');
  expect(findPlace(config, 'repository', './folder:x').text).toBe('./folder:x');
});

it.each([
  ['source', 'constructor', 'CONFIG_INVALID', 'web'],
  ['source', '/disk.raw', 'CONFIG_INVALID', 'image:/disk.raw'],
  ['source', 'bare', 'CONFIG_INVALID', 'image:/disk.raw or qemu:/disk.raw'],
  ['target', 'imgae:/x', 'CONFIG_INVALID', 'image:'],
  ['target', 'image:', 'CONFIG_INVALID', 'image:'],
  ['source', 'old', 'UNSUPPORTED', 'image:'],
  ['source', 'db', 'CONFIG_INVALID', 'vmware://HOST/db'],
  ['repository', 'nutanix://cluster', 'UNSUPPORTED', 's3:'],
] as const)('refuses the %s %s with %s', (use, name, code, remedy) => {
  expect(() => findPlace(config, use, name)).toThrow(
    expect.objectContaining({ code, remedy: expect.stringContaining(remedy) }),
  );
});

it('refuses a credential without repeating it', () => {
  const find = () => findPlace(config, 'repository', 's3://me:hunter2@bucket');
  expect(find).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  expect(find).not.toThrow('hunter2');
});

it('finds the entry of a target by its place, and no other', () => {
  const lab = { at: 'vmware://vc.example/lab', user: 'root' };
  const known = configSchema.parse({ targets: { lab, files: 'image:/x/' } });
  expect(entryAt(known, 'vmware://vc.example/lab')).toMatchObject({ user: 'root' });
  expect(entryAt(known, 'vmware://vc.example/other')).toBeUndefined();
});
