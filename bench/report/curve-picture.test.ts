import { expect, test } from 'vitest';
import { curvePicture } from './curve-picture.ts';

const curve = {
  name: 'disks',
  title: 'Disks < at once',
  xLabel: 'disks',
  runs: 3,
  sizeBytes: 4,
  points: [1, 10, 100].map((x, index) => ({ x, seconds: index + 1, cpuSeconds: 1, peakBytes: 1 })),
};

function dots(svg: string, colour: string): { x: number; y: number }[] {
  const found = svg.matchAll(new RegExp(`cx="([\\d.]+)" cy="([\\d.]+)" r="3" fill="${colour}"`, 'g'));
  return [...found].map(([, x, y]) => ({ x: Number(x), y: Number(y) }));
}

test('equal factors are equal distances, and longer times lie higher', () => {
  const [first, second, third] = dots(curvePicture(curve), '#1f77b4');
  expect((second?.x ?? 0) - (first?.x ?? 0)).toBeCloseTo((third?.x ?? 0) - (second?.x ?? 0), 0);
  expect(first?.y).toBeGreaterThan(second?.y ?? Number.NaN);
  expect(second?.y).toBeGreaterThan(third?.y ?? Number.NaN);
});

test('processor time is a line of its own, and words are escaped', () => {
  const svg = curvePicture(curve);
  expect(new Set(dots(svg, '#d62728').map(({ y }) => y)).size).toBe(1);
  expect(svg).toContain('Disks &lt; at once');
});

test('one point is a picture too', () => {
  expect(dots(curvePicture({ ...curve, points: curve.points.slice(0, 1) }), '#1f77b4')).toHaveLength(1);
});
