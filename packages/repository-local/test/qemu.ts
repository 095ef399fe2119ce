import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Repository } from '@sendense/core';
import type { Contents } from './model-machine.ts';

const run = promisify(execFile);

/** Fails unless plain qemu-img reads every point as the model has it, and finds every file of its chain clean. */
export async function expectQemuAgrees(
  repository: Repository,
  contents: Contents,
  scratch: string,
): Promise<number> {
  let compared = 0;
  for await (const { id, disks } of repository.points()) {
    const path = disks[0]?.path ?? assert.fail('a point of a local repository has a path');
    const { stdout } = await run('qemu-img', ['info', '--backing-chain', '--output=json', path]);
    for (const { filename } of JSON.parse(stdout) as { filename: string }[]) {
      await run('qemu-img', ['check', '-q', filename]);
    }
    await run('qemu-img', ['convert', '-O', 'raw', path, scratch]);
    const content = contents.get(id) ?? assert.fail(`${id} comes from nowhere`);
    assert.equal(Buffer.compare(await readFile(scratch), content), 0, `qemu-img reads other bytes of ${id}`);
    await rm(scratch);
    compared += 1;
  }
  return compared;
}
