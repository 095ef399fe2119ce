import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { callService } from '@sendense/nbd-service';
import { nbdCopy, nbdInfo, qemuIo } from '@sendense/tests/nbd';
import { describeWithPeers } from '@sendense/tests/peers';
import { expect, it, vi } from 'vitest';
import { exportsOf, repository, useExportScene } from './export-scene.ts';
import { ctlJson, jsonOf, runCtl } from './run-ctl.ts';
import { noise } from './sample-disk.ts';

const scene = useExportScene();

describeWithPeers(['nbdinfo', 'nbdcopy', 'qemu-io'], 'exports of the command line', () => {
  it('are there for NBD clients when export add ends, and gone with their service when export remove ends', async () => {
    const [added, ...others] = exportsOf(await ctlJson(scene.home, scene.ofPoint));
    expect(others).toEqual([]);
    expect(added).toMatchObject({ writable: false, sizeBytes: 4 << 20, overlayBytes: null });
    expect(added?.name).toMatch(/^backup-.+-disk0-full-\d{8}T\d{6}$/);
    expect(await nbdInfo(added?.uri ?? '')).toMatchObject({ exports: [{ 'export-size': 4 << 20 }] });
    await nbdCopy(added?.uri ?? '', join(scene.home, 'copy.raw'));
    expect(
      (await readFile(join(scene.home, 'copy.raw'))).equals(await readFile(join(scene.home, 'disk.raw'))),
    ).toBe(true);
    expect(await scene.listed()).toEqual([added]);
    expect(exportsOf(await ctlJson(scene.home, ['export', 'remove', added?.name ?? '']))).toEqual([added]);
    expect(await ctlJson(scene.home, ['export', 'list'])).toEqual({
      exports: [],
      running: false,
      findings: [],
    });
    await vi.waitFor(
      async () => expect(await readdir(scene.directory)).toEqual(['conf.d', 'overlays', 'service.log']),
      {
        timeout: 30_000,
      },
    );
    expect(await readdir(join(scene.directory, 'conf.d'))).toEqual([]);
  });

  it('take writes where they were asked to, several of one point beside each other', async () => {
    const [still] = exportsOf(await ctlJson(scene.home, scene.ofPoint));
    const [work] = exportsOf(await ctlJson(scene.home, [...scene.ofPoint, '--writable']));
    const [image] = exportsOf(
      await ctlJson(scene.home, ['export', 'add', '--image', 'disk.raw', '--format', 'raw']),
    );
    expect(work).toMatchObject({ writable: true });
    expect(new Set([still?.name, work?.name, image?.name]).size).toBe(3);
    expect(image?.name).toBe('disk');
    await qemuIo(['-f', 'raw', work?.uri ?? ''], ['write -P 3 0 64k', 'read -P 3 0 64k']);
    await nbdCopy(still?.uri ?? '', join(scene.home, 'copy.raw'));
    expect((await readFile(join(scene.home, 'copy.raw'))).subarray(0, 4096).equals(noise(4096, 'disk'))).toBe(
      true,
    );
    await expect(qemuIo(['-f', 'raw', still?.uri ?? ''], ['write 0 512'])).rejects.toThrow();
  });
});

it('that cannot be are refused with what is wrong, and leave no file and no service', async () => {
  const add = (...flags: string[]) => ['export', 'add', ...flags, '--json'];
  const cases: [args: string[], code: string, exit: number][] = [
    [add(), 'CONFIG_INVALID', 2],
    [add('--image', 'disk.raw', '--device', '/dev/null'), 'CONFIG_INVALID', 2],
    [add(...repository, '--backup-id', 'p-unknown'), 'NOT_FOUND', 1],
    [add(...repository, '--backup-id', scene.point, '--disk', '7'), 'NOT_FOUND', 1],
    [add('--image', 'disk.raw', '--name', 'x'.repeat(64)), 'CONFIG_INVALID', 2],
    [add('--image', 'missing.raw'), 'NOT_FOUND', 1],
    [['export', 'remove', 'unknown', '--json'], 'NOT_FOUND', 1],
    [['export', 'remove', '../../../disk', '--json'], 'NOT_FOUND', 1],
    [['export', 'remove', '--json'], 'CONFIG_INVALID', 2],
  ];
  for (const [args, code, exit] of cases) {
    const run = await runCtl(scene.home, args);
    expect([args, run.code, jsonOf(run)]).toMatchObject([args, exit, { error: { code } }]);
  }
  const left = await readdir(join(scene.directory, 'conf.d')).catch(() => []);
  expect(left).toEqual([]);
  await vi.waitFor(
    () => expect(callService(scene.directory, 'list')).rejects.toMatchObject({ code: 'NOT_FOUND' }),
    {
      timeout: 30_000,
    },
  );
});
