import { SendenseError } from '@sendense/core';
import { seededInteger, seededRandom } from '@sendense/testkit';
import { testScale, testSeed } from '@sendense/tests/scale';
import { describe, expect, it } from 'vitest';
import { parseVolumeGroup } from './volume-group.ts';

const TEXT = `# made by hand in the form of LVM2
data {
  id = "aaaaaa-bbbb-cccc-dddd-eeee-ffff-gggggg"
  seqno = 4
  status = ["RESIZEABLE", "READ", "WRITE"]
  extent_size = 8192  # 4 MiB
  physical_volumes {
    pv0 { id = "000000-0000-0000-0000-0000-0000-000000" pe_start = 2048 pe_count = 10 }
    pv1 { id = "111111-1111-1111-1111-1111-1111-111111" pe_start = 2048 pe_count = 10 }
  }
  logical_volumes {
    root {
      status = ["READ", "WRITE", "VISIBLE"]
      segment_count = 2
      segment1 { start_extent = 0 extent_count = 2 type = "striped" stripe_count = 1 stripes = ["pv0", 3] }
      segment2 {
        start_extent = 2
        extent_count = 4
        type = "striped"
        stripe_count = 2
        stripe_size = 128
        stripes = [
          "pv0", 5,
          "pv1", 0
        ]
      }
    }
    hidden { status = ["READ"] segment_count = 0 }
  }
}
contents = "Text Format Volume Group"
version = 1
description = "with a \\"quote\\" and a } in it"
`;

describe('the metadata text of a volume group', () => {
  it('gives physical volumes, and logical volumes with their segments', () => {
    const group = parseVolumeGroup(TEXT);
    expect(group).toMatchObject({ name: 'data', sequence: 4, extentBytes: 4 * 2 ** 20 });
    expect(group.physical.get('pv1')).toEqual({ id: '1'.repeat(32), startBytes: 2 ** 20 });
    expect(group.logical.map(({ name, isVisible }) => [name, isVisible])).toEqual([
      ['root', true],
      ['hidden', false],
    ]);
    expect(group.logical[0]?.segments[1]).toEqual({
      startExtent: 2,
      extents: 4,
      type: 'striped',
      stripeBytes: 65_536,
      stripes: [
        { volume: 'pv0', extent: 5 },
        { volume: 'pv1', extent: 0 },
      ],
    });
  });

  it('is CORRUPT when it ends early, misses a number, or nests without end', () => {
    const nested = `v { ${'a { '.repeat(100_000)}`;
    for (const text of [
      '',
      TEXT.slice(0, 500),
      TEXT.replace('seqno = 4', ''),
      nested,
      'v { a = [[[[[[[[[[[[[[[[[[[[ }',
    ])
      expect(() => parseVolumeGroup(text)).toThrow(SendenseError);
  });

  it('that was damaged anywhere is read or CORRUPT, never anything else, and at once', () => {
    const random = seededRandom(testSeed());
    const begun = performance.now();
    const outcomes = new Set<string>();
    for (let round = 0; round < 3000 * testScale(); round += 1) outcomes.add(outcomeOf(mutate(TEXT, random)));
    expect([...outcomes].sort()).toEqual(['CORRUPT', 'read']);
    expect(performance.now() - begun).toBeLessThan(20_000 * testScale());
  });
});

/** How reading a text ends. */
function outcomeOf(text: string): string {
  try {
    parseVolumeGroup(text);
    return 'read';
  } catch (error) {
    return SendenseError.is(error, 'CORRUPT') ? 'CORRUPT' : String(error);
  }
}

/** Replaces, removes or doubles some characters. */
function mutate(text: string, random: () => number): string {
  let mutated = text;
  for (let count = 1 + seededInteger(random, 4); count > 0; count -= 1) {
    const at = seededInteger(random, mutated.length);
    const kind = seededInteger(random, 3);
    const character = '{}[]=",#0-9 a\\\n\u0000'[seededInteger(random, 17)] ?? '';
    if (kind === 0) mutated = mutated.slice(0, at) + character + mutated.slice(at + 1);
    else if (kind === 1) mutated = mutated.slice(0, at) + mutated.slice(at + seededInteger(random, 40));
    else mutated = mutated.slice(0, at) + mutated.slice(Math.max(0, at - 30), at) + mutated.slice(at);
  }
  return mutated;
}
