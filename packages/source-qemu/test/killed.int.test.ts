import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { changeStateSchema } from '@sendense/core';
import { describeWithPeers } from '@sendense/tests/peers';
import { testSeed } from '@sendense/tests/scale';
import { expect, it } from 'vitest';
import { keepOf, LiveBench, type Received } from './live-bench.ts';
import { ourObjects } from './live-fixture.ts';
import { WritingGuest } from './writing-guest.ts';

const MIB = 2 ** 20;
const COUNT = 2;
const PROGRAM = fileURLToPath(new URL('./backup-process.ts', import.meta.url));

/** Every command that changes anything, at its first and at a later place in a backup of two disks. */
const CUTS: readonly (readonly [command: string, occurrence: number])[] = [
  ['query-block-exports', 1],
  ['blockdev-create', 1],
  ['blockdev-add', 1],
  ['blockdev-create', 4],
  ['blockdev-add', 4],
  ['nbd-server-start', 1],
  ['transaction', 1],
  ['block-export-add', 1],
  ['block-export-add', 2],
  ['block-export-del', 1],
  ['job-cancel', 1],
  ['job-cancel', 2],
  ['blockdev-del', 1],
  ['blockdev-del', 4],
  ['block-dirty-bitmap-remove', 1],
  ['nbd-server-stop', 1],
  // the two temporary bitmaps came first; these are the ones that are retired
  ['block-dirty-bitmap-remove', 3],
  ['block-dirty-bitmap-remove', 4],
];

/** Runs a backup that dies; resolves with what a destination holds after it, if it got that far. */
async function dyingBackup(
  bench: LiveBench,
  last: Received,
  [command, occurrence]: readonly [string, number],
): Promise<Received | undefined> {
  const name = `${command}-${occurrence}`;
  const base = bench.ids.map((id) => join(bench.folder, `base-${id}`));
  for (const [index, path] of base.entries()) await writeFile(path, last.disks[index] ?? '');
  const result = join(bench.folder, `result-${name}`);
  const killAt = { text: `"execute":"${command}"`, occurrence };
  const options = { qmp: join(bench.folder, 'qmp.sock') };
  const work = { options, id: `sendense-${name}`, since: last.state, base, result, killAt };
  const child = spawn(process.execPath, [...process.execArgv, PROGRAM, JSON.stringify(work)], {
    stdio: 'inherit',
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  expect([name, code, signal]).toEqual([name, null, 'SIGKILL']);
  if ((await stat(result).catch(() => undefined)) === undefined) return undefined;
  const state = changeStateSchema.parse(JSON.parse(await readFile(result, 'utf8')));
  return { state, disks: await Promise.all(bench.ids.map((_, index) => readFile(`${result}.${index}`))) };
}

describeWithPeers(['qemu-system-x86_64', 'qemu-img'], 'a backup whose process is killed', () => {
  it('leaves no gap wherever it dies, and nothing that reconcile does not remove', async () => {
    await using bench = await LiveBench.open({ count: COUNT, sizeBytes: 2 * MIB });
    const guest = new WritingGuest(bench.qemu, bench.ids, 2 * MIB, testSeed());
    const source = bench.source();
    guest.start();
    try {
      await guest.more(20);
      let last = await bench.round(source);
      let stored = 0;
      for (const cut of CUTS) {
        let from = guest.writes;
        const after = await dyingBackup(bench, last, cut);
        if (after !== undefined) {
          expect(guest.writeOf(after.disks, from), `what was stored before ${cut[0]}`).toBeDefined();
          stored += 1;
        }
        last = after ?? last;
        await guest.more(10);
        await source.reconcile(keepOf(last.state === null ? [] : [last.state]));
        expect(await ourObjects(bench.qemu, bench.folder), `left after ${cut.join(' ')}`).toHaveLength(COUNT);
        from = guest.writes;
        const next = await bench.round(source, last, {}, async (capture) => {
          expect(capture.disks.map(({ changes }) => changes.kind)).toEqual(['incremental', 'incremental']);
        });
        expect(guest.writeOf(next.disks, from), `the backup after ${cut.join(' ')}`).toBeDefined();
        if (last.state !== null) await source.retire([last.state]);
        last = next;
      }
      expect(stored).toBeGreaterThan(1);
    } finally {
      await guest.stop();
    }
  });
});
