import assert from 'node:assert/strict';
import { pointId } from '@sendense/core';
import { crashingFileSystem, describeOperation } from '@sendense/testkit';
import { testScale } from '@sendense/tests/scale';
import { describe, it } from 'vitest';
import { openLocalRepository } from '../src/repository-local.ts';
import { contentOf } from './model-machine.ts';
import { expectRecovered, operationsOf, p5, path, powerLosses, prepare, verbs, work } from './verbs.ts';

describe.each(verbs)('a $name', (verb) => {
  it('leaves every point whole wherever its process dies', async () => {
    const operations = await operationsOf(verb);
    let cuts = 0;
    for (const [index, operation] of operations.entries()) {
      for (const tornBytes of operation.kind === 'write' ? [0, (operation.length ?? 0) >> 1] : [0]) {
        const inner = await prepare();
        const crashing = crashingFileSystem(inner, { cutAt: index + 1, tornBytes });
        await work(crashing, verb).catch(() => undefined);
        await expectRecovered(inner, verb).catch((error: unknown) => {
          throw new Error(`cut ${index + 1} before ${describeOperation(operation)}, torn ${tornBytes}`, {
            cause: error,
          });
        });
        cuts += 1;
      }
    }
    console.log(`process death in a ${verb.name}: ${cuts} cuts`);
    assert.ok(cuts > 10);
  }, 120_000);

  it('leaves every point whole wherever the power fails', async () => {
    const cuts: string[] = [];
    const losses = await powerLosses(verb, (change, previous) => {
      const index = change - 1;
      // Seed 0 loses all that was not synced, the others half of it, each another half.
      const seeds = Array.from({ length: testScale() }, (_, run) =>
        (index + run) % 3 === 0 ? 0 : run * 1_000_003 + index,
      );
      const after = previous === undefined ? 'the first' : describeOperation(previous);
      for (const seed of seeds) cuts.push(`power cut ${change} after ${after}, seed ${seed}`);
      return seeds;
    });
    for (const [index, { fileSystem }] of losses.entries()) {
      await expectRecovered(fileSystem, verb).catch((error: unknown) => {
        throw new Error(cuts[index] ?? '', { cause: error });
      });
    }
    console.log(`power loss in a ${verb.name}: ${losses.length} cuts`);
    assert.ok(losses.length > 10);
  }, 240_000);
});

describe('a committed backup', () => {
  it('survives a power loss the moment its commit resolves', async () => {
    const inner = await prepare();
    const repository = await openLocalRepository({ path }, { fileSystem: inner });
    await verbs[0]?.run(repository, inner);
    const after = inner.afterPowerLoss(0);
    await repository[Symbol.asyncDispose]();
    await using reopened = await openLocalRepository({ path }, { fileSystem: after });
    assert.equal(Buffer.compare(await contentOf(reopened, pointId('p5')), p5), 0);
  });
});
