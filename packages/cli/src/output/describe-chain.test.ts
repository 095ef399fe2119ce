import { samplePoint } from '@sendense/testkit';
import { expect, it } from 'vitest';
import { describeChains } from './describe-chain.ts';

it('names what each disk of a point is read through, from the full on', () => {
  const points = [
    samplePoint('p1', [null, null]),
    samplePoint('p2', ['p1', 'p1']),
    samplePoint('p3', ['p2', null]),
    samplePoint('p4', ['p1', 'p3'], { kind: 'differential' }),
  ];
  const last = points[3];
  if (last === undefined) throw new Error('no point');
  const chains = describeChains(last, points, '/r');
  expect(chains.map(({ id, chain }) => [id, chain.map(({ pointId, kind }) => `${pointId} ${kind}`)])).toEqual(
    [
      ['disk-0', ['p1 full', 'p4 differential']],
      ['disk-1', ['p3 full', 'p4 differential']],
    ],
  );
  expect(chains[0]).toMatchObject({ totalBytes: 200 });
  expect(chains[0]?.chain[0]?.path).toBe('/r/m/disk-0/p1.qcow2');
});

it('ends where the base is missing or names itself', () => {
  const orphan = samplePoint('p2', ['gone']);
  expect(describeChains(orphan, [orphan], '/r')[0]?.chain).toHaveLength(1);
  const loop = samplePoint('p1', ['p1']);
  expect(describeChains(loop, [loop], '/r')[0]?.chain.length).toBeLessThanOrEqual(2);
});
