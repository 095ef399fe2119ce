import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { collect, seededInteger, seededRandom } from '@sendense/testkit';
import { testScale, testSeed } from '@sendense/tests/scale';
import { afterEach, beforeEach, describe, it } from 'vitest';
import { createLocalRepository, openLocalRepository } from '../src/repository-local.ts';
import { contentOf } from './model-machine.ts';

const PROGRAM = join(import.meta.dirname, 'backup-process.ts');

describe('processes on one repository', () => {
  let path: string;

  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'sendense-processes-'));
    await (await createLocalRepository({ path }))[Symbol.asyncDispose]();
  });

  afterEach(() => rm(path, { recursive: true }));

  it('of one sequence: exactly one wins, the others get CONFLICT', async () => {
    const children = ['a', 'b', 'c'].map((id) => start(path, 1, id));
    const outputs = await Promise.all(children.map(outputOf));
    const codes = outputs.map((output) => output.trim().split('\n').at(-1));
    assert.deepEqual(codes.filter((code) => code === 'CONFLICT').length, 2, codes.join());
    await using repository = await openLocalRepository({ path });
    assert.deepEqual(
      (await collect(repository.points())).map(({ id }) => id),
      codes.filter((code) => code !== 'CONFLICT'),
    );
  });

  it('that are killed at any moment leave whole points, and the next one works', async () => {
    const random = seededRandom(testSeed());
    let committed = 0;
    for (let sequence = 1; sequence <= 10 * testScale(); sequence += 1) {
      const child = start(path, sequence, `p${sequence}`);
      await once(child.stdout ?? assert.fail(), 'data');
      const waitMs = seededInteger(random, 200);
      const killer = setTimeout(() => child.kill('SIGKILL'), waitMs);
      await once(child, 'exit');
      clearTimeout(killer);
      await using repository = await openLocalRepository({ path });
      const points = await collect(repository.points());
      for (const { id } of points) await contentOf(repository, id);
      assert.deepEqual(await collect(repository.verify({ depth: 'data' })), []);
      assert.ok(points.length === committed || points.length === committed + 1);
      committed = points.length;
    }
    assert.match(await outputOf(start(path, 1000, 'last')), /last/);
    console.log(`killed 10 processes, ${committed} of them after their commit`);
  });
});

function start(path: string, sequence: number, id: string): ChildProcess {
  return spawn(process.execPath, ['--conditions=@sendense/source', PROGRAM, path, String(sequence), id], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function outputOf(child: ChildProcess): Promise<string> {
  return text(child.stdout ?? assert.fail('no output'));
}
