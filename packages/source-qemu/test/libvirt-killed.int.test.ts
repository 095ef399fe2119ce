import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { changeStateSchema } from '@sendense/core';
import { startLibvirt } from '@sendense/tests/libvirt';
import { describeWithPeers } from '@sendense/tests/peers';
import { expect, it } from 'vitest';
import { LibvirtBench } from './libvirt-bench.ts';
import type { Received } from './live-bench.ts';

const PROGRAM = fileURLToPath(new URL('./backup-process.ts', import.meta.url));
const TARGETS = ['vda', 'vdb'] as const;

/** Every virsh command of a backup that changes anything, and those around it. */
const CUTS: readonly (readonly [command: string, occurrence: number])[] = [
  ['dumpxml', 2],
  ['backup-dumpxml', 1],
  ['backup-begin', 1],
  ['backup-dumpxml', 2],
  ['domjobabort', 1],
  ['backup-dumpxml', 4],
  ['checkpoint-delete', 1],
];

/** Runs a backup that dies; resolves with what a destination holds after it, if it got that far. */
async function dyingBackup(
  bench: LibvirtBench,
  last: Received,
  [command, occurrence]: readonly [string, number],
): Promise<Received | undefined> {
  const name = `${command}-${occurrence}`;
  const { folder, uri } = bench.libvirt;
  const base = TARGETS.map((target) => join(folder, `base-${target}`));
  for (const [index, path] of base.entries()) await writeFile(path, last.disks[index] ?? '');
  const result = join(folder, `result-${name}`);
  const killAt = { text: `; ${command} `, occurrence };
  const options = { libvirt: { uri, domain: bench.domain.name } };
  const work = { options, id: `sendense-${name}`, since: last.state, base, result, killAt };
  const child = spawn(process.execPath, [...process.execArgv, PROGRAM, JSON.stringify(work)], {
    stdio: 'inherit',
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  expect([name, code, signal]).toEqual([name, null, 'SIGKILL']);
  if ((await stat(result).catch(() => undefined)) === undefined) return undefined;
  const state = changeStateSchema.parse(JSON.parse(await readFile(result, 'utf8')));
  return { state, disks: await Promise.all(TARGETS.map((_, index) => readFile(`${result}.${index}`))) };
}

describeWithPeers(['libvirt', 'qemu-system-x86_64', 'qemu-img'], 'a backup of a domain', () => {
  it('whose process is killed leaves no gap wherever it dies, and nothing that reconcile does not remove', async () => {
    await using libvirt = await startLibvirt();
    await using bench = await LibvirtBench.open(libvirt, TARGETS);
    await libvirt.virsh('checkpoint-create-as', bench.domain.name, 'theirs');
    const source = bench.source();
    let last = await bench.round(source);
    for (const [index, cut] of CUTS.entries()) {
      const write = { offset: index * 65_536, length: 65_536, value: index + 1 };
      await bench.write('vda', write);
      const after = await dyingBackup(bench, last, cut);
      if (after !== undefined) expect(after.disks, `stored before ${cut.join(' ')}`).toEqual(bench.now());
      last = after ?? last;
      await bench.write('vdb', write);
      await source.reconcile(bench.keep({ states: last.state === null ? [] : [last.state] }));
      const left = (await readdir(libvirt.folder)).filter((name) => name.startsWith('.sendense'));
      expect(left, `left after ${cut.join(' ')}`).toEqual([]);
      const names = [...new Set(await bench.domain.bitmaps())];
      expect(names, `bitmaps after ${cut.join(' ')}`).toEqual([
        expect.stringMatching(/^sendense\./),
        'theirs',
      ]);
      const next = await bench.answers(source, last);
      expect(next.kinds, `the backup after ${cut.join(' ')}`).toEqual(['incremental', 'incremental']);
      expect(next.disks, `the backup after ${cut.join(' ')}`).toEqual(bench.now());
      if (last.state !== null) await source.retire([last.state]);
      last = next;
    }
  }, 180_000);
});
