import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  diskId,
  guardTarget,
  type RestorePlan,
  type RestoreRequest,
  type RestoreState,
  type TargetConnector,
} from '@sendense/core';
import { readImageInfo } from '@sendense/formats';
import { openVhdx } from '@sendense/formats/vhdx';
import { soloFence } from '@sendense/plugin-kit';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ImageTargetServices } from './context.ts';
import type { ImageTargetOptions } from './options.ts';
import { createImageTarget } from './target-image.ts';

const MIB = 1024 * 1024;
let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-target-'));
  path = join(folder, 'disk.raw');
});
afterEach(() => rm(folder, { recursive: true }));

const target = (options: Partial<ImageTargetOptions> = {}, services: ImageTargetServices = {}) =>
  guardTarget(createImageTarget({ path, ...options }, services));

function request(changes: Partial<RestoreRequest> = {}, disks = 1): RestoreRequest {
  const slot = { bus: 'virtio', controller: 0, unit: 0 } as const;
  return {
    spec: {
      schema: 1,
      name: 'm',
      platform: 'qemu',
      firmware: 'uefi',
      architecture: 'unknown',
      disks: [],
      nics: [],
    },
    disks: Array.from({ length: disks }, (_, number) => {
      return { id: diskId(`d${number}`), number, slot, sizeBytes: 4 * MIB, sectorBytes: 512 };
    }),
    into: 'disks-only',
    overwrite: false,
    start: false,
    options: {},
    ...changes,
  };
}

async function planOf(
  at: TargetConnector,
  changes: Partial<RestoreRequest> = {},
  disks = 1,
): Promise<RestorePlan> {
  const { plan, findings } = await at.check(request(changes, disks));
  if (plan === null) throw new Error(JSON.stringify(findings));
  return plan;
}

const run = { fence: soloFence, save: async () => undefined };

async function restoreOnes(at: TargetConnector, plan: RestorePlan) {
  await using writer = await at.begin(plan, run);
  for (const disk of writer.disks.values()) {
    await disk.write(0, new Uint8Array(65_536).fill(1));
    await disk.flush();
  }
  return await writer.commit();
}

const codes = async (at: TargetConnector, asked: RestoreRequest) =>
  (await at.check(asked)).findings.map(({ severity, code }) => `${severity}: ${code}`);

describe('check', () => {
  it('tells what stands against the request', async () => {
    expect(await codes(target(), request({}, 2))).toEqual(['error: too-many-disks']);
    expect(await codes(target(), request({ start: true }))).toEqual(['error: start-unsupported']);
    await writeFile(path, '');
    expect(await codes(target(), request())).toEqual(['warning: target-exists']);
    expect(await codes(target(), request({ overwrite: true }))).toEqual([]);
  });

  it('warns when the whole disks may not fit', async () => {
    const fileSystem = {
      ...nodeFileSystem,
      space: async () => ({ totalBytes: 5 * MIB, availableBytes: 4 * MIB }),
    };
    expect(await codes(target({}, { fileSystem }), request())).toEqual([]);
    expect(await codes(target({ format: 'qcow2' }, { fileSystem }), request())).toEqual([
      'warning: space-may-run-out',
    ]);
  });

  it('tells what a fixed VHD is rounded up to, and plans for that', async () => {
    const disks = request().disks.map((disk) => ({ ...disk, sizeBytes: 4 * MIB + 512 }));
    const at = target({ path: join(folder, 'disk.vhd'), subformat: 'fixed' });
    expect(await codes(at, request({ disks }))).toEqual(['info: size-rounded-up']);
    const plan = await planOf(at, { disks });
    expect(plan.disks[0]?.targetSizeBytes).toBe(5 * MIB);
    const made = await restoreOnes(at, plan);
    expect(made.disks[0]?.sizeBytes).toBe(5 * MIB);
    const info = await readImageInfo(join(folder, 'disk.vhd'));
    expect([info.subformat, info.virtualSizeBytes]).toEqual(['fixed', 5 * MIB]);
    const footer = (await readFile(join(folder, 'disk.vhd'))).subarray(-512);
    expect([footer.readBigUInt64BE(40), footer.readBigUInt64BE(48)].map(Number)).toEqual([
      4 * MIB + 512,
      5 * MIB,
    ]);
  });

  it('keeps sectors of 4096 bytes in a VHDX, and says where they are lost', async () => {
    const disks = request().disks.map((disk) => ({ ...disk, sectorBytes: 4096 as const }));
    for (const format of ['raw', 'qcow2', 'vmdk', 'vhd'] as const)
      expect(await codes(target({ path: join(folder, 'disk'), format }), request({ disks }))).toEqual([
        'warning: sector-size-lost',
      ]);
    const at = target({ path: join(folder, 'disk.vhdx') });
    expect(await codes(at, request({ disks }))).toEqual([]);
    await restoreOnes(at, await planOf(at, { disks }));
    await using made = await openVhdx(join(folder, 'disk.vhdx'));
    expect(made.logicalSectorBytes).toBe(4096);
  });

  it('warns that a VMDK may not hold the data of a disk of 2 TiB', async () => {
    const disks = request().disks.map((disk) => ({ ...disk, sizeBytes: 2 ** 41 }));
    const found = await codes(target({ path: join(folder, 'disk.vmdk') }), request({ disks }));
    expect(found).toContain('warning: data-may-not-fit');
  });

  it('says what becomes of the machine: only its disks are kept', async () => {
    const { properties } = await target().check(request());
    expect(properties.map(({ property, outcome }) => [property, outcome])).toEqual([
      ['name', 'approximated'],
      ['platform', 'lost'],
      ['firmware', 'lost'],
    ]);
  });

  it('says NOT_FOUND when the folder of a file is missing', async () => {
    const at = target({ path: join(folder, 'none', 'disk.raw') });
    await expect(at.check(request())).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('refuses places that must not be written to', async () => {
    await mkdir(join(folder, 'repository'));
    await writeFile(join(folder, 'repository', 'sendense-repository.json'), '{}');
    await mkdir(join(folder, 'repository', 'vm'));
    await writeFile(join(folder, 'source'), '');
    await symlink(join(folder, 'source'), join(folder, 'link'));
    const places: readonly (readonly [code: string, options: ImageTargetOptions])[] = [
      ['CONFIG_INVALID', { path: join(folder, 'repository', 'vm', 'disk.raw') }],
      ['CONFIG_INVALID', { path: join(folder, 'source'), protect: [join(folder, 'source')] }],
      ['CONFIG_INVALID', { path: join(folder, 'source'), protect: [join(folder, 'link')] }],
      ['CONFIG_INVALID', { path, protect: [folder] }],
      ['ALREADY_EXISTS', { path: '/dev/null' }],
    ];
    for (const [code, options] of places) {
      await expect(target(options).check(request({ overwrite: true })), options.path).rejects.toMatchObject({
        code,
      });
    }
  });
});

describe('begin', () => {
  it('does not replace an image that QEMU has open, whenever it was opened', async () => {
    await writeFile(path, 'guest');
    for (const looksBefore of [0, 1]) {
      let looks = 0;
      const imageLocks = async () => ({ written: ++looks > looksBefore, writesForbidden: false });
      const at = target({}, { imageLocks });
      const plan = await planOf(at, { overwrite: true });
      await expect(restoreOnes(at, plan), `${looksBefore} looks before`).rejects.toMatchObject({
        code: 'LOCKED',
      });
      expect(await readFile(path, 'utf8')).toBe('guest');
      await at.reconcile({
        owner: 'sendense',
        states: [],
        captures: [],
        restores: [],
        replicas: [],
        graceMs: 0,
      });
    }
  });

  it('refuses a file that is there, and a plan of another target', async () => {
    const plan = await planOf(target());
    await writeFile(path, 'mine');
    await expect(target().begin(plan, run)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    const other = target({ path: join(folder, 'other.raw') });
    await expect(other.begin(plan, run)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(await readdir(folder)).toEqual(['disk.raw']);
  });

  it('says LOCKED while another restore to the same file is unfinished, and disturbs it not', async () => {
    const at = target();
    await using first = await at.begin(await planOf(at), run);
    const second = await planOf(at);
    await expect(at.begin(second, run)).rejects.toMatchObject({ code: 'LOCKED' });
    await first.disks.get(diskId('d0'))?.flush();
    await first.commit();
    expect(await readdir(folder)).toEqual(['disk.raw']);
  });

  it('says LOCKED to both of two that begin at the same moment, and leaves nothing of its own', async () => {
    const at = target(
      {},
      {
        fileSystem: {
          ...nodeFileSystem,
          open: async (file, mode) => {
            if (mode === 'create') await writeFile(`${path}.partial-sendense-other`, '');
            return await nodeFileSystem.open(file, mode);
          },
        },
      },
    );
    await expect(at.begin(await planOf(at), run)).rejects.toMatchObject({ code: 'LOCKED' });
    expect(await readdir(folder)).toEqual(['disk.raw.partial-sendense-other']);
  });

  it('writes files that only their owner may read, sparsely', async () => {
    const at = target({ path: `${folder}/new/`, format: 'raw' });
    const { disks } = await restoreOnes(at, await planOf(at, {}, 2));
    expect(disks.map(({ location }) => location)).toEqual(
      ['disk-0.raw', 'disk-1.raw'].map((name) => join(folder, 'new', name)),
    );
    for (const { location } of disks) {
      const status = await stat(location);
      expect([status.mode & 0o777, status.size, status.blocks < 1024]).toEqual([0o600, 4 * MIB, true]);
    }
    expect((await stat(join(folder, 'new'))).mode & 0o777).toBe(0o700);
  });

  it('says NOT_FOUND when nothing is left to resume', async () => {
    const at = target();
    const plan = await planOf(at);
    let saved: RestoreState | undefined;
    const save = async (state: RestoreState): Promise<void> => {
      saved = state;
    };
    const writer = await at.begin(plan, { ...run, save });
    await writer.rollback();
    if (saved === undefined) throw new Error('nothing was saved');
    await expect(at.begin(plan, { ...run, resume: saved })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const foreign = { ...saved, schema: 'target-image/99' as const };
    await expect(at.begin(plan, { ...run, resume: foreign })).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
    });
  });
});

describe('commit and rollback', () => {
  it('does not replace a file that appeared while the restore ran, and can be repeated when it is gone', async () => {
    const at = target();
    await using writer = await at.begin(await planOf(at), run);
    await writer.disks.get(diskId('d0'))?.flush();
    await writeFile(path, 'mine');
    await expect(writer.commit()).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    expect(await readFile(path, 'utf8')).toBe('mine');
    await rm(path);
    await writer.commit();
    expect((await stat(path)).size).toBe(4 * MIB);
  });

  it('removes the folder that the restore made, and no other', async () => {
    for (const [name, left] of [
      ['new', false],
      ['old', true],
    ] as const) {
      if (left) await mkdir(join(folder, name));
      const at = target({ path: `${join(folder, name)}/` });
      await using writer = await at.begin(await planOf(at), run);
      await writer.rollback();
      expect((await readdir(folder)).includes(name)).toBe(left);
    }
  });

  it('removes what is finished where the options say so, unless it replaced something', async () => {
    const at = target({ undoFinished: true });
    await using writer = await at.begin(await planOf(at), run);
    await writer.disks.get(diskId('d0'))?.flush();
    await writer.commit();
    expect(await writer.rollback()).toEqual({ removed: [path], findings: [], undone: true });
    expect(await readdir(folder)).toEqual([]);
    await writeFile(path, 'old');
    await using replacing = await at.begin(await planOf(at, { overwrite: true }), run);
    await replacing.disks.get(diskId('d0'))?.flush();
    await replacing.commit();
    expect(await replacing.rollback()).toMatchObject({ findings: [{}], undone: false });
    expect(await readdir(folder)).toEqual(['disk.raw']);
  });

  it('leaves what is finished, with a finding', async () => {
    const at = target();
    await using writer = await at.begin(await planOf(at), run);
    await writer.disks.get(diskId('d0'))?.flush();
    await writer.commit();
    expect((await writer.rollback()).findings).toContainEqual(
      expect.objectContaining({ code: 'restored-file-stays' }),
    );
    expect(await readdir(folder)).toEqual(['disk.raw']);
  });
});

it.each([
  { path: '/disk.raw', subformat: 'fixed' },
  { path: '/disk.qcow2', subformat: 'dynamic' },
  { path: '/disk.vmdk', subformat: 'fixed' },
  { path: '/disk.vhd', subformat: 'streamOptimized' },
  { path: '/disk', format: 'vhdx', subformat: 'monolithicSparse' },
  { path: '/disk.vhd', compression: 'zlib' },
] as const)('refuses what the files cannot have: %o', (options) => {
  expect(() => createImageTarget(options)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});

it.each(['ova', 'VDI'])('refuses a name that promises a %s file, unless the format is stated', (promised) => {
  const named = join(folder, `disk.${promised}`);
  expect(() => createImageTarget({ path: named })).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', remedy: expect.stringContaining('.qcow2') }),
  );
  expect(createImageTarget({ path: named, format: 'raw' }).platform).toBe('image');
});
