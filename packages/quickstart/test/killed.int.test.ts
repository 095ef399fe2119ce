import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { openSendense } from '../src/index.ts';

const run = promisify(execFile);
const KIB = 1024;
const CHILD = fileURLToPath(new URL('./backup-until.ts', import.meta.url));

/** Where a backup is killed, and whether its point is committed by then. */
const MOMENTS: readonly (readonly [moment: string, committed: boolean])[] = [
  ['before capture', false],
  ['after capture', false],
  ['after begin', false],
  ['before seal', false],
  ['after seal', false],
  ['before point commit', false],
  ['after point commit', true],
  ['before source commit', true],
  ['after source commit', true],
  ['before retire', true],
  ['after retire', true],
];

/** The guest writes 64 KiB; QEMU keeps the dirty bitmaps of the image. */
async function guestWrites(disk: string, offset: number, pattern: number): Promise<void> {
  await run('qemu-io', ['-f', 'qcow2', '-c', `write -P ${pattern} ${offset} 64k`, disk]);
}

async function killedBackup(args: readonly string[]): Promise<string | undefined> {
  const child = run(process.execPath, ['--conditions=@sendense/source', CHILD, ...args]);
  return child.then(
    () => undefined,
    (error: { signal?: string }) => error.signal,
  );
}

it.each(MOMENTS)(
  'a backup killed %s is followed by an increment that misses nothing',
  async (moment, committed) => {
    const folder = await mkdtemp(join(tmpdir(), 'sendense-killed-'));
    try {
      const [disk, state, repository] = ['disk.qcow2', 'state', 'backups'].map((name) =>
        join(folder, name),
      ) as [string, string, string];
      await run('qemu-img', ['create', '-q', '-f', 'qcow2', disk, '8M']);
      const backup = async () => {
        await using sendense = await openSendense({ stateDirectory: state });
        const made = await sendense.backup({ source: `image:${disk}`, repository });
        const target = `image:${folder}/${made.pointId}.raw`;
        await sendense.restore({ repository, point: made.pointId, target });
        return { ...made, bytes: await readFile(join(folder, `${made.pointId}.raw`)) };
      };
      await guestWrites(disk, 0, 1);
      expect((await backup()).kind).toBe('full');
      await guestWrites(disk, 1024 * KIB, 2);
      // A second increment, so that there is an old baseline to retire.
      expect((await backup()).kind).toBe('incremental');
      await guestWrites(disk, 2048 * KIB, 3);
      expect(await killedBackup([disk, repository, state, moment])).toBe('SIGKILL');
      await guestWrites(disk, 3072 * KIB, 4);
      const next = await backup();
      expect(next.kind).toBe('incremental');
      expect(next.changedBytes).toBe(committed ? 64 * KIB : 128 * KIB);
      await run('qemu-img', ['convert', '-O', 'raw', disk, join(folder, 'truth.raw')]);
      expect(next.bytes.equals(await readFile(join(folder, 'truth.raw')))).toBe(true);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);
