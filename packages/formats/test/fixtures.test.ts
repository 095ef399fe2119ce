import { diskFixtures } from '@sendense/tests/disk-fixtures';
import { describe, expect, it } from 'vitest';
import { firstDifference, fixtureFiles, openFixture } from './fixture-files.ts';

const SEEDS = [20_261_121, 20_261_122];

describe.each(Object.entries(diskFixtures))('%s, written from the specification alone', (_, make) => {
  it.each(SEEDS)('is known by its content and read as it was written (seed %i)', async (seed) => {
    const fixture = make(seed);
    await using image = await openFixture(fixture, fixtureFiles(fixture));
    expect(image.info.format).toBe(fixture.format);
    expect(await firstDifference(image, fixture.content)).toBeUndefined();
  });
});
