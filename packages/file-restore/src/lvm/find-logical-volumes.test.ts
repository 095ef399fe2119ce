import { describe, expect, it } from 'vitest';
import type { ByteSource } from '../bytes/byte-source.ts';
import { findLogicalVolumes } from './find-logical-volumes.ts';
import type { PhysicalVolume } from './physical-volume.ts';

const TIB = 2 ** 40;
const ids = ['0', '1'].map((digit) => digit.repeat(32));
/** A disk that is far too large to hold. */
const endless: ByteSource = { sizeBytes: 16 * TIB, read: () => Promise.resolve() };

/** A group over two physical volumes with volumes of 8 TiB in stripes of 4 KiB. */
function groupOf(group: string, volumes: readonly string[], groupId = 'group'): string {
  const extents = (8 * TIB) / (4 * 2 ** 20);
  const logical = volumes.map(
    (name) => `"${name}" { status = ["VISIBLE"] segment_count = 1
      segment1 { start_extent = 0 extent_count = ${extents} type = "striped" stripe_count = 2 stripe_size = 8
        stripes = ["pv0", 0, "pv1", 0] } }`,
  );
  const physical = ids.map(
    (id, index) => `pv${index} { id = "${id}" pe_start = 2048 pe_count = ${extents} }`,
  );
  return `"${group}" { id = "${groupId}" seqno = 1 extent_size = 8192
    physical_volumes { ${physical.join('\n')} } logical_volumes { ${logical.join('\n')} } }`;
}

function find(text: string) {
  const physical: PhysicalVolume[] = ids.map((id) => ({ id, source: endless, text, damagedAreas: 0 }));
  return findLogicalVolumes(physical);
}

describe('a volume group', () => {
  it('with volumes of billions of stripes is read', () => {
    const { volumes, findings } = find(groupOf('data', ['one', 'two', 'three']));
    expect(findings).toEqual([]);
    expect(volumes.map(({ id, sizeBytes }) => [id, sizeBytes])).toEqual([
      ['data-one', 8 * TIB],
      ['data-two', 8 * TIB],
      ['data-three', 8 * TIB],
    ]);
  });

  it.each(['../x', '..', '.', '-x', 'a/b', 'a b', 'ü', 'x'.repeat(128)])(
    'with a volume named %j does not show that one, and tells it',
    (name) => {
      const { volumes, findings } = find(groupOf('data', [name, 'whole']));
      expect(volumes.map(({ id }) => id)).toEqual(['data-whole']);
      expect(findings).toMatchObject([{ code: 'volume-unreadable', object: `data/${name}` }]);
    },
  );

  it.each(['..', 'a/b', 'x'.repeat(128)])('named %j is not shown, and that is told', (name) => {
    const { volumes, findings } = find(groupOf(name, ['one']));
    expect(volumes).toEqual([]);
    expect(findings[0]).toMatchObject({ code: 'volume-unreadable' });
  });

  it('named with every character that LVM allows is shown', () => {
    expect(find(groupOf('aZ0+_.-', ['.a-', '+b'])).volumes.map(({ label }) => label)).toEqual([
      'aZ0+_.-/.a-',
      'aZ0+_.-/+b',
    ]);
  });

  it('that has the name of another one is told, and its volumes are told apart by its id', () => {
    const texts = [groupOf('data', ['one'], 'Ab1-Cd2-3'), groupOf('data', ['one', 'two'], 'Zz9-Yy8-7')];
    const physical: PhysicalVolume[] = ids.map((id, index) => ({
      id,
      source: endless,
      text: texts[index] ?? '',
      damagedAreas: 0,
    }));
    const { volumes, findings } = findLogicalVolumes(physical);
    expect(volumes.map(({ id, label }) => [id, label])).toEqual([
      ['data-one-Ab1Cd2', 'data/one'],
      ['data-one-Zz9Yy8', 'data/one'],
      ['data-two-Zz9Yy8', 'data/two'],
    ]);
    expect(findings).toMatchObject([
      { severity: 'info', code: 'lvm-group-renamed', object: 'data' },
      { severity: 'info', code: 'lvm-group-renamed', object: 'data' },
    ]);
  });
});
