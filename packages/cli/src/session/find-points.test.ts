import { machineKey } from '@sendense/core';
import { samplePoint } from '@sendense/testkit';
import { expect, it } from 'vitest';
import { findPoint, pointsOfMachine } from './find-points.ts';

const other = machineKey('00000000-0000-5000-8000-000000000002');
const points = [samplePoint('p1', [null]), samplePoint('p2', [null], { machine: other })];

it('finds the points of a machine by its key, or by a name that only one bears', () => {
  expect(pointsOfMachine(points, undefined)).toHaveLength(2);
  expect(pointsOfMachine(points, other.toUpperCase()).map(({ id }) => id)).toEqual(['p2']);
  expect(pointsOfMachine(points.slice(0, 1), 'vm').map(({ id }) => id)).toEqual(['p1']);
});

it('says which machines there are when the name means none or several', () => {
  expect(() => pointsOfMachine(points, 'vm')).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  expect(() => pointsOfMachine(points, 'x')).toThrow(
    expect.objectContaining({ code: 'NOT_FOUND', remedy: expect.stringContaining('vm') }),
  );
});

it('finds a point by its id', () => {
  expect(findPoint(points, 'p2').id).toBe('p2');
  expect(() => findPoint(points, 'p3')).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  expect(() => findPoint(points, '../p')).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});
