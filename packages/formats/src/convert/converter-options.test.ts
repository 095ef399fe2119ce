import type { FileSystem } from '@sendense/plugin-kit/files';
import { beforeEach, expect, it } from 'vitest';
import { rawRequest as request, resumingConverter, sourceFileSystem } from '../../test/conversions.ts';

const MiB = 1024 * 1024;

let fileSystem: FileSystem;
beforeEach(async () => {
  fileSystem = await sourceFileSystem();
});

it('estimates by what it measured, once it has', async () => {
  const ours = resumingConverter(fileSystem);
  expect(await ours.estimateTime(request())).toMatchObject({ basis: 'assumed' });
  await ours.convert(request());
  expect(await ours.estimateTime(request())).toMatchObject({ basis: 'measured' });
});

it.each([
  ['azure', 'vhd', 'fixed', 20 * MiB],
  ['aws', 'raw', undefined, 1024 * MiB],
] as const)('rounds a disk for %s up, and says so', async (sizeFor, format, subformat, sizeBytes) => {
  const target = { path: '/images/target', format, ...(subformat && { subformat }) };
  const made = await resumingConverter(fileSystem, { sizeFor }).convert({ ...request(), target });
  expect(made.virtualSizeBytes).toBe(sizeBytes);
  expect(made.findings).toMatchObject([{ code: 'size-rounded-up' }]);
});

it('makes the fixed VHD that Azure takes, and never a dynamic one for it', async () => {
  const ours = resumingConverter(fileSystem, { sizeFor: 'azure' });
  const target = { path: '/images/target', format: 'vhd' } as const;
  const dynamic = ours.convert({ ...request(), target: { ...target, subformat: 'dynamic' } });
  await expect(dynamic).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    remedy: 'leave the subformat out, or use fixed',
  });
  expect(await ours.convert({ ...request(), target })).toMatchObject({ subformat: 'fixed' });
});
