import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  createDirectoryStore,
  createObjectRepository,
  openObjectRepository,
} from '@sendense/object-repository';
import { collect, seededBytes } from '@sendense/testkit';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { pointBytes } from '../../packages/engine/test/world.ts';
import { testKey } from '../../packages/object-repository/test/keys.ts';
import { preload } from '../e2e/preload/index.ts';

const MIB = 1024 * 1024;
const DISK_BYTES = 24 * MIB;
const STEP_BYTES = 4 * MIB;
const PROGRAM = path.join(import.meta.dirname, 'interrupted-process.ts');

/** Runs the program; it kills itself just after a file got a name that matches `killAfter`. */
function backUp(folder: string, killAfter?: string) {
  const flags = ['--conditions=@sendense/source', '--disable-warning=ExperimentalWarning', PROGRAM];
  const env = killAfter === undefined ? {} : { ...preload('kill-at'), SENDENSE_KILL_AFTER: killAfter };
  return execa(process.execPath, [...flags, folder, String(STEP_BYTES)], { env, reject: false });
}

async function packBytes(objects: string): Promise<number> {
  const files = await readdir(path.join(objects, 'packs'), { recursive: true, withFileTypes: true });
  const kept = files.filter((file) => file.isFile());
  const sizes = await Promise.all(kept.map((file) => readFile(path.join(file.parentPath, file.name))));
  return sizes.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

it('a process that SIGKILL ended in the middle of a backup is gone on with by the next, and restores bit-equal', async () => {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'sendense-killed-')));
  try {
    const content = seededBytes(7, DISK_BYTES);
    await writeFile(path.join(folder, 'disk.raw'), content);
    const objects = path.join(folder, 'objects');
    const access = () => ({ store: createDirectoryStore({ path: objects }), key: testKey });
    await (await createObjectRepository({ ...access(), chunkBytes: 64 * 1024 }))[Symbol.asyncDispose]();
    // the third record says that three steps are stored
    const killed = await backUp(folder, '/progress/[0-9a-f]+/0*2$');
    expect(killed.signal, killed.stderr).toBe('SIGKILL');
    const next = await backUp(folder);
    expect(next.exitCode, next.stderr).toBe(0);
    const result: { pointId: string; bytesRead: number; findings: { code: string }[] } = JSON.parse(
      next.stdout,
    );
    expect(result.findings.map(({ code }) => code)).toContain('point-resumed');
    expect(result.bytesRead).toBeLessThanOrEqual(DISK_BYTES - 3 * STEP_BYTES);
    expect(result.bytesRead).toBeGreaterThan(0);
    expect(await packBytes(objects)).toBeLessThan(DISK_BYTES + 2 * STEP_BYTES + MIB);
    await using repository = await openObjectRepository(access());
    const [point, ...others] = await collect(repository.points());
    expect(others).toEqual([]);
    const held = await pointBytes(repository, result.pointId, point?.disks[0]?.id ?? '');
    expect(Buffer.compare(held, content)).toBe(0);
  } finally {
    await rm(folder, { recursive: true });
  }
});
