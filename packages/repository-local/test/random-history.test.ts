import { crashingFileSystem, createMemoryFileSystem, seededInteger, seededRandom } from '@sendense/testkit';
import { testScale, testSeed } from '@sendense/tests/scale';
import { describe, it } from 'vitest';
import { createLocalRepository, openLocalRepository } from '../src/repository-local.ts';
import { expectContents } from './model-machine.ts';
import { RandomHistory } from './random-history.ts';

const path = '/repository';
const RUNS = 24 * testScale();
const STEPS = 28;

describe('a random history', () => {
  it.each(Array.from({ length: RUNS }, (_, run) => testSeed() + run))(
    'keeps every point that is not removed, byte for byte, through crashes (seed %i)',
    async (seed) => {
      const random = seededRandom(seed);
      const fileSystem = createMemoryFileSystem();
      await (await createLocalRepository({ path }, { fileSystem }))[Symbol.asyncDispose]();
      const history = new RandomHistory(random);
      const log: string[] = [];
      for (let step = 0; step < STEPS; step += 1) {
        const crashes = seededInteger(random, 4) === 0;
        const cutAt = crashes ? 1 + seededInteger(random, 150) : Number.MAX_SAFE_INTEGER;
        const before = history.contents;
        try {
          await using repository = await openLocalRepository(
            { path },
            { fileSystem: crashingFileSystem(fileSystem, { cutAt, tornBytes: seededInteger(random, 4096) }) },
          );
          log.push(await history.step(repository));
        } catch (error) {
          if (!crashes) throw new Error(`seed ${seed}: ${log.join('; ')}; then`, { cause: error });
          log.push(`crash at ${cutAt}`);
        }
        await using repository = await openLocalRepository({ path }, { fileSystem });
        const checked = crashes
          ? history.adopt(repository, before)
          : expectContents(repository, history.contents);
        await checked.catch((error: unknown) => {
          throw new Error(`seed ${seed}: ${log.join('; ')}`, { cause: error });
        });
      }
    },
  );
});
