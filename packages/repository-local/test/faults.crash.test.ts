import assert from 'node:assert/strict';
import { SendenseError } from '@sendense/core';
import { describeOperation, faultyFileSystem, fullAfter, isChange } from '@sendense/testkit';
import { testScale } from '@sendense/tests/scale';
import { describe, it } from 'vitest';
import { expectRecovered, operationsOf, prepare, verbs, work } from './verbs.ts';

const ERRORS = [
  ['ENOSPC', 'NO_SPACE'],
  ['EIO', 'CORRUPT'],
] as const;

describe.each(verbs)('a $name', (verb) => {
  it('fails with the error of the storage, loses nothing, and works again after it', async () => {
    const operations = await operationsOf(verb);
    let failed = 0;
    for (const [index, operation] of operations.entries()) {
      for (const [errno, code] of ERRORS.filter((_, turn) => testScale() > 1 || turn === index % 2)) {
        const inner = await prepare();
        const faulty = faultyFileSystem(inner, (other, change) =>
          isChange(other) && change === index + 1 ? errno : undefined,
        );
        await work(faulty, verb).catch((error: unknown) => {
          failed += 1;
          assert.ok(
            SendenseError.is(error, code),
            `${errno} at ${describeOperation(operation)}: ${String(error)}`,
          );
        });
        await expectRecovered(inner, verb).catch((error: unknown) => {
          throw new Error(`${errno} at ${index + 1}, ${describeOperation(operation)}`, { cause: error });
        });
      }
    }
    assert.ok(failed > operations.length / 4);
  }, 120_000);

  it('fails with NO_SPACE on storage that stays full, and loses nothing', async () => {
    for (const roomBytes of [0, 1000, 70_000, 300_000]) {
      const inner = await prepare();
      const full = fullAfter(roomBytes);
      await work(
        faultyFileSystem(inner, (operation, change) => full(operation, change)),
        verb,
      ).catch((error: unknown) => assert.ok(SendenseError.is(error, 'NO_SPACE'), String(error)));
      await expectRecovered(inner, verb);
    }
  }, 60_000);
});
