import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RestorePlan } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { seededBytes } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { planOf, requestOf, runOf, send, type TestRun } from '../restore-work.ts';
import { CutFileSystem } from './cut-file-system.ts';
import { LAYOUTS, type Layout, PackageBench } from './package-bench.ts';

const MIB = 2 ** 20;
const OLD = [new Uint8Array(MIB).fill(7)];
const NEW = [seededBytes(1, MIB), new Uint8Array(2 * MIB).fill(9, MIB)];

/** The plan of a restore of these disks. */
function planFor(
  bench: PackageBench,
  disks: readonly Uint8Array[],
  overwrite: boolean,
): Promise<RestorePlan> {
  return planOf(bench.target(), { ...requestOf(disks), into: 'disks-only', overwrite });
}

/** A whole restore; with a file system that dies, as far as it comes. */
async function restore(
  bench: PackageBench,
  plan: RestorePlan,
  disks: readonly Uint8Array[],
  run: TestRun,
  fileSystem?: FileSystem,
): Promise<void> {
  const target = bench.target({}, fileSystem === undefined ? {} : { fileSystem });
  await using writer = await target.begin(plan, run);
  await send(writer, disks);
  await writer.commit();
}

/** What the package that is there holds: of each disk its digest, as the manifest has it of the file. */
async function disksOf(bench: PackageBench): Promise<readonly string[]> {
  const digests: string[] = [];
  const folder = await bench.unpacked();
  const names = (await readdir(folder)).filter((name) => name.endsWith('.vmdk')).toSorted();
  const manifest = await readFile(join(folder, 'web.mf'), 'utf8');
  for (const name of names) {
    const sha256 = createHash('sha256')
      .update(await readFile(join(folder, name)))
      .digest('hex');
    expect(manifest).toContain(`SHA256(${name})= ${sha256}\n`);
    const number = Number(/disk(\d+)/.exec(name)?.[1]) - 1;
    await using reader = await bench.restored({ disks: disksNamed(names), findings: [] }, number);
    const bytes = new Uint8Array(reader.sizeBytes);
    await reader.read(0, bytes);
    digests.push(createHash('sha256').update(bytes).digest('hex'));
  }
  return digests;
}

const disksNamed = (names: readonly string[]) =>
  names.map((location) => ({ id: location as never, location, sizeBytes: 0 }));

const digestsOf = (disks: readonly Uint8Array[]) =>
  disks.map((bytes) => createHash('sha256').update(bytes).digest('hex'));

/** Restores over an old package, dying before each change in turn; `check` gets what was left. */
async function dieAtEach(
  layout: Layout,
  check: (bench: PackageBench, plan: RestorePlan, run: TestRun) => Promise<void>,
): Promise<number> {
  for (let cutAt = 0; ; cutAt++) {
    await using bench = await PackageBench.open(layout);
    await restore(bench, await planFor(bench, OLD, false), OLD, runOf());
    const plan = await planFor(bench, NEW, true);
    const run = runOf();
    const storage = new CutFileSystem(cutAt);
    await restore(bench, plan, NEW, run, storage).catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'UNEXPECTED' });
    });
    if (!storage.isCut) return cutAt;
    await check(bench, plan, run);
  }
}

describe.each(LAYOUTS)('a restore to an OVF %s that dies before any change of the storage', (layout) => {
  it('is finished by the next process', async () => {
    const cuts = await dieAtEach(layout, async (bench, plan, run) => {
      await restore(bench, plan, NEW, run.saved.length === 0 ? runOf() : runOf(run));
      expect(await disksOf(bench)).toEqual(digestsOf(NEW));
      expect((await readdir(bench.folder)).filter((name) => /partial|replaced/.test(name))).toEqual([]);
    });
    expect(cuts).toBeGreaterThan(20);
  });

  it.each(['undone', 'forgotten'])(
    'leaves the old package or the new one, whole, when it is %s',
    async (way) => {
      let kept = 0;
      const cuts = await dieAtEach(layout, async (bench, plan, run) => {
        const target = bench.target();
        if (way === 'undone') {
          await using writer = await target.begin(plan, runOf(run));
          await writer.rollback();
          // the old package has its name again without being looked for
          expect([digestsOf(OLD), digestsOf(NEW)]).toContainEqual(await disksOf(bench));
        }
        const none = { states: [], captures: [], restores: [], replicas: [] };
        await target.reconcile({ owner: 'sendense', ...none, graceMs: 0 });
        const found = await disksOf(bench);
        if (found.length === OLD.length) kept++;
        expect([digestsOf(OLD), digestsOf(NEW)]).toContainEqual(found);
        expect((await readdir(bench.folder)).filter((name) => /partial|replaced/.test(name))).toEqual([]);
      });
      expect(kept).toBeGreaterThan(cuts / 2);
      expect(kept).toBeLessThan(cuts);
    },
  );
});
