import { mkdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { diskId, isRestoreGone, type Keep, type RestorePlan } from '@sendense/core';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { seededBytes } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { PIECE, planOf, requestOf, runOf, send, type TestRun } from '../restore-work.ts';
import { LAYOUTS, PackageBench } from './package-bench.ts';

const MIB = 2 ** 20;
const DISKS = [seededBytes(1, MIB)];
const ID = '00000000-0000-4000-8000-000000000000';

function keepOf(given: Partial<Keep> = {}): Keep {
  return { owner: 'sendense', states: [], captures: [], restores: [], replicas: [], graceMs: 0, ...given };
}

function planFor(bench: PackageBench, overwrite = false): Promise<RestorePlan> {
  return planOf(bench.target(), { ...requestOf(DISKS), into: 'disks-only', overwrite });
}

async function restore(bench: PackageBench, plan: RestorePlan, run: TestRun): Promise<void> {
  await using writer = await bench.target().begin(plan, run);
  await send(writer, DISKS);
  await writer.commit();
}

/** A restore over a package that is there, up to its commit. */
async function sentOver(bench: PackageBench): Promise<{ plan: RestorePlan; run: TestRun }> {
  await restore(bench, await planFor(bench), runOf());
  const plan = await planFor(bench, true);
  const run = runOf();
  await using writer = await bench.target().begin(plan, run);
  await send(writer, DISKS);
  return { plan, run };
}

async function folderOf(path: string, names: readonly string[]): Promise<void> {
  await mkdir(path);
  for (const name of names) await writeFile(join(path, name), name);
}

describe('a folder that is to be overwritten', () => {
  it('keeps a file that came into it after the restore began, and the package with it', async () => {
    await using bench = await PackageBench.open('folder');
    const { plan, run } = await sentOver(bench);
    await writeFile(join(bench.path, 'letter.txt'), 'keep me');
    await using writer = await bench.target().begin(plan, runOf(run));
    await expect(writer.commit()).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    expect(await bench.objects()).toEqual(
      expect.arrayContaining(['web/letter.txt', 'web/web-disk1.vmdk', 'web/web.mf', 'web/web.ovf']),
    );
    // out of the way, the restore ends
    await rename(join(bench.path, 'letter.txt'), join(bench.folder, 'letter.txt'));
    await writer.commit();
    expect((await bench.objects()).filter((name) => /partial|replaced/.test(name))).toEqual([]);
  });

  it('gets its name again when a file came into it at the last moment', async () => {
    await using bench = await PackageBench.open('folder');
    const { plan, run } = await sentOver(bench);
    const rushed = {
      ...nodeFileSystem,
      async rename(from: string, to: string) {
        await nodeFileSystem.rename(from, to);
        if (to.includes('.replaced-')) await writeFile(join(to, 'letter.txt'), 'keep me');
      },
    };
    await using writer = await bench.target({}, { fileSystem: rushed }).begin(plan, runOf(run));
    await expect(writer.commit()).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    expect(await bench.objects()).toEqual(expect.arrayContaining(['web/letter.txt', 'web/web.ovf']));
  });

  it('loses nothing but its package when a file came after that, which is told', async () => {
    await using bench = await PackageBench.open('folder');
    const { plan, run } = await sentOver(bench);
    const rushed = {
      ...nodeFileSystem,
      async rename(from: string, to: string) {
        await nodeFileSystem.rename(from, to);
        if (!from.includes('.partial-')) return;
        await writeFile(join(`${bench.path}.replaced-${plan.id}`, 'letter.txt'), 'keep me');
      },
    };
    await using writer = await bench.target({}, { fileSystem: rushed }).begin(plan, runOf(run));
    expect((await writer.commit()).findings).toMatchObject([{ code: 'foreign-file-stays' }]);
    const left = (await bench.objects()).filter((name) => name.includes('.replaced-'));
    expect(left).toEqual([`web.replaced-${plan.id}`, `web.replaced-${plan.id}/letter.txt`]);
  });

  it.each([
    ['no descriptor', ['win.iso', 'other.vmdk']],
    ['files that its descriptor and manifest do not name', ['web.ovf', 'web.mf', 'other.vmdk']],
    ['two descriptors', ['web.ovf', 'db.ovf']],
  ])('is refused with %s', async (_what, names) => {
    await using bench = await PackageBench.open('folder');
    await folderOf(bench.path, names);
    await expect(planFor(bench, true)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  });
});

describe('a package of another maker', () => {
  it('is replaced with all that its descriptor and manifest name', async () => {
    await using bench = await PackageBench.open('folder');
    await folderOf(bench.path, ['db.cert', 'db-1.vmdk', 'db-2.nvram', 'drivers.iso']);
    const files = `<File ovf:href="db-1.vmdk" ovf:id="a"/><File ovf:id='b' ovf:href='db-2.nvram'/>`;
    await writeFile(join(bench.path, 'db.ovf'), `<References>${files}</References>`);
    await writeFile(join(bench.path, 'db.mf'), `SHA1 (db.ovf)= 00\r\nSHA256(drivers.iso)= 00\r\n`);
    await restore(bench, await planFor(bench, true), runOf());
    expect(await bench.objects()).toEqual(['web', 'web/web-disk1.vmdk', 'web/web.mf', 'web/web.ovf']);
  });

  it('owns no other file, whatever bytes its descriptor and manifest have', async () => {
    await using bench = await PackageBench.open('folder');
    await folderOf(bench.path, ['letter.txt']);
    for (let seed = 0; seed < 64; seed++) {
      const noise = Buffer.from(seededBytes(seed, 2048));
      const pieces = ['href="', 'SHA256(', '\n', 'letter.doc', ')= ', '"', "'"];
      const mixed = [...noise].map((byte) => pieces[byte % 64] ?? String.fromCharCode(byte)).join('');
      await writeFile(join(bench.path, 'web.ovf'), seed % 2 === 0 ? noise : mixed);
      await writeFile(join(bench.path, 'web.mf'), seed % 2 === 0 ? mixed : noise);
      await expect(planFor(bench, true), `seed ${seed}`).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    }
  });
});

describe.each(LAYOUTS)('a restore (%s)', (layout) => {
  it('is refused where a symbolic link lies, which may lead to what is protected', async () => {
    await using bench = await PackageBench.open(layout);
    await restore(bench, await planFor(bench), runOf());
    await mkdir(join(bench.folder, 'vault'));
    await rename(bench.path, join(bench.folder, 'vault', 'old'));
    await symlink(join(bench.folder, 'vault', 'old'), bench.path);
    await expect(planFor(bench, true)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  });
});

describe('reconcile of a folder', () => {
  it('leaves what no plan of the owner is named in', async () => {
    await using bench = await PackageBench.open('folder');
    for (const plan of ['sendense-old', `sendense-west-${ID}`])
      await folderOf(`${bench.path}.partial-${plan}`, ['web.ovf']);
    const before = await bench.objects();
    expect(await bench.target().reconcile(keepOf())).toEqual({ removed: [], findings: [] });
    expect(await bench.objects()).toEqual(before);
  });

  it('leaves what an unfinished restore has not made, and tells it', async () => {
    await using bench = await PackageBench.open('folder');
    const partial = `${bench.path}.partial-sendense-${ID}`;
    await folderOf(partial, ['web.ovf', 'web-disk1.vmdk', 'notes.txt']);
    const { findings } = await bench.target().reconcile(keepOf());
    expect(findings).toMatchObject([{ code: 'foreign-file-stays', object: partial }]);
    expect(await bench.objects()).toEqual([
      `web.partial-sendense-${ID}`,
      `web.partial-sendense-${ID}/notes.txt`,
    ]);
  });

  it.each(['partial', 'replaced'])(
    'keeps the %s package of a cut commit whose name is taken',
    async (kind) => {
      await using bench = await PackageBench.open('folder');
      for (const one of ['partial', 'replaced'])
        await folderOf(`${bench.path}.${one}-sendense-${ID}`, ['web.ovf']);
      await folderOf(bench.path, ['letter.txt']);
      // each time, as nothing has changed
      for (let time = 0; time < 2; time++) {
        const { removed, findings } = await bench.target().reconcile(keepOf());
        expect(removed).toEqual([]);
        expect(findings).toMatchObject([{ code: 'replaced-package-stays' }]);
      }
      expect(await bench.objects()).toContain(`web.${kind}-sendense-${ID}/web.ovf`);
    },
  );

  it('gives the old package its name again where only an empty folder has it', async () => {
    await using bench = await PackageBench.open('folder');
    for (const kind of ['partial', 'replaced'])
      await folderOf(`${bench.path}.${kind}-sendense-${ID}`, ['web.ovf', `${kind}.txt`]);
    await mkdir(bench.path);
    await bench.target().reconcile(keepOf());
    expect(await bench.objects()).toContain('web/replaced.txt');
  });

  it('leaves a restore that is writing into the files of an old folder, and what it replaces', async () => {
    await using bench = await PackageBench.open('folder');
    await using writer = await bench.target().begin(await planFor(bench), runOf());
    await writer.disks.get(diskId('disk-0'))?.write(0, seededBytes(3, PIECE));
    const [partial = ''] = await bench.objects();
    await folderOf(join(bench.folder, partial.replace('.partial-', '.replaced-')), ['web.ovf']);
    const old = new Date('2020-01-01');
    for (const name of await bench.objects())
      if (!name.endsWith('.vmdk')) await utimes(join(bench.folder, name), old, old);
    const before = await bench.objects();
    expect(await bench.target().reconcile(keepOf({ graceMs: 3_600_000 }))).toEqual({
      removed: [],
      findings: [],
    });
    expect(await bench.objects()).toEqual(before);
  });
});

describe('a restore that cannot be gone on with', () => {
  it('has put back what it was to replace', async () => {
    await using bench = await PackageBench.open('folder');
    const { plan, run } = await sentOver(bench);
    const ovf = await readFile(join(bench.path, 'web.ovf'), 'utf8');
    await rename(bench.path, `${bench.path}.replaced-${plan.id}`);
    await rm(`${bench.path}.partial-${plan.id}`, { recursive: true });
    await expect(bench.target().begin(plan, runOf(run))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await readFile(join(bench.path, 'web.ovf'), 'utf8')).toBe(ovf);
    expect((await bench.objects()).filter((name) => /partial|replaced/.test(name))).toEqual([]);
  });

  it('has left nothing of a disk that is gone', async () => {
    await using bench = await PackageBench.open('folder');
    const plan = await planFor(bench);
    const run = runOf();
    {
      await using writer = await bench.target().begin(plan, run);
      await send(writer, DISKS);
    }
    await writeFile(join(`${bench.path}.partial-${plan.id}`, 'web-disk1.vmdk'), '');
    const error = await bench
      .target()
      .begin(plan, runOf(run))
      .catch((thrown: unknown) => thrown);
    expect(isRestoreGone(error, plan.id)).toBe(true);
    expect(await bench.objects()).toEqual([]);
  });

  it('is rolled back, and what was removed is told', async () => {
    await using bench = await PackageBench.open('folder');
    const { plan, run } = await sentOver(bench);
    const partial = `${bench.path}.partial-${plan.id}`;
    await rename(bench.path, `${bench.path}.replaced-${plan.id}`);
    await writeFile(join(partial, 'web-disk1.vmdk'), '');
    await using writer = await bench.target().begin(plan, { ...runOf(run), undo: true });
    expect(await writer.rollback()).toMatchObject({
      removed: [partial],
      findings: [{ severity: 'info', code: 'replaced-package-back', object: bench.path }],
      undone: true,
    });
    expect(await bench.objects()).toEqual(['web', 'web/web-disk1.vmdk', 'web/web.mf', 'web/web.ovf']);
    expect(await writer.rollback()).toEqual({ removed: [], findings: [], undone: true });
  });

  it('because another version began it is rolled back, and what was removed is told', async () => {
    await using bench = await PackageBench.open('archive');
    const plan = await planFor(bench);
    const run = runOf();
    {
      await using writer = await bench.target().begin(plan, run);
      await send(writer, DISKS);
    }
    const data = run.saved.at(-1)?.data as { room?: object };
    data.room = { ovfBytes: 4096, headBytes: 6144 };
    await using writer = await bench.target().begin(plan, { ...runOf(run), undo: true });
    expect(await writer.rollback()).toEqual({
      removed: [`${bench.path}.partial-${plan.id}`],
      findings: [],
      undone: true,
    });
    expect(await bench.objects()).toEqual([]);
  });

  it('is one of an archive whose head another version laid out', async () => {
    await using bench = await PackageBench.open('archive');
    const plan = await planFor(bench);
    const run = runOf();
    {
      await using writer = await bench.target().begin(plan, run);
      await send(writer, DISKS);
    }
    const data = run.saved.at(-1)?.data as { room?: { ovfBytes: number; headBytes: number } };
    data.room = { ovfBytes: 4096, headBytes: 6144 };
    const resuming = bench.target().begin(plan, runOf(run));
    await expect(resuming).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('another version'),
    });
    expect(await bench.objects()).toEqual([]);
  });
});

describe('a rollback', () => {
  it('is not done when the package has its name, and names the old one that is still beside it', async () => {
    await using bench = await PackageBench.open('folder');
    await restore(bench, await planFor(bench), runOf());
    const plan = await planFor(bench, true);
    const replaced = `${bench.path}.replaced-${plan.id}`;
    const run = runOf();
    await restore(bench, plan, run);
    // as where the process died before it removed it
    await folderOf(replaced, ['web.ovf']);
    await using writer = await bench.target().begin(plan, { ...runOf(run), undo: true });
    const { removed, findings, undone } = await writer.rollback();
    expect(undone).toBe(false);
    expect(removed).toEqual([]);
    expect(findings).toMatchObject([
      { code: 'restored-file-stays', message: expect.stringContaining(replaced), object: bench.path },
    ]);
    const before = await bench.objects();
    await bench.target().reconcile(keepOf({ restores: [plan.id] }));
    expect(await bench.objects()).toEqual(before);
  });

  it('is not done while the name of what it set aside is taken', async () => {
    await using bench = await PackageBench.open('folder');
    const { plan, run } = await sentOver(bench);
    const replaced = `${bench.path}.replaced-${plan.id}`;
    await rename(bench.path, replaced);
    await folderOf(bench.path, ['letter.txt']);
    await using writer = await bench.target().begin(plan, { ...runOf(run), undo: true });
    expect(await writer.rollback()).toMatchObject({
      removed: [],
      findings: [{ code: 'replaced-package-stays', object: replaced }],
      undone: false,
    });
    await rm(bench.path, { recursive: true });
    expect(await writer.rollback()).toMatchObject({ undone: true });
    expect(await bench.objects()).toEqual(['web', 'web/web-disk1.vmdk', 'web/web.mf', 'web/web.ovf']);
  });

  it.each(LAYOUTS)('does not take a folder that is not there for an empty one: %s', async (layout) => {
    await using bench = await PackageBench.open(layout);
    const plan = await planFor(bench);
    const run = runOf();
    {
      await using writer = await bench.target().begin(plan, run);
      await send(writer, DISKS);
    }
    await rename(bench.folder, `${bench.folder}-elsewhere`);
    for (const undo of [{ undo: true } as const, {}]) {
      const error = await bench
        .target()
        .begin(plan, { ...runOf(run), ...undo })
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'NOT_FOUND', operation: 'find-destination' });
      expect(isRestoreGone(error, plan.id)).toBe(false);
    }
    await rename(`${bench.folder}-elsewhere`, bench.folder);
  });
});
