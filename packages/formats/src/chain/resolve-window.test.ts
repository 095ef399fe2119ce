import { SendenseError } from '@sendense/core';
import { seededInteger, seededRandom } from '@sendense/testkit';
import { testScale, testSeed } from '@sendense/tests/scale';
import { describe, expect, it } from 'vitest';
import type { Layer } from './layer.ts';
import { resolveWindow } from './resolve-window.ts';
import type { Run } from './run.ts';

const UNIT = 512;
const KINDS = ['data', 'zero', 'absent', 'absent', 'absent'] as const;

type Kind = (typeof KINDS)[number] | 'damaged';

/** A layer that says of each unit what it is given; its tables have pages of `pageUnits`, `lookups` counts. */
function layerOf(kinds: readonly Kind[], pageUnits: number): Layer & { lookups: number } {
  const sizeBytes = kinds.length * UNIT;
  const data = { path: 'image', handle: undefined as never, unitBytes: UNIT };
  const layer = {
    sizeBytes,
    data,
    lookups: 0,
    runAt(offset: number, end: number): Run | Promise<Run> {
      layer.lookups += 1;
      const first = Math.floor(offset / UNIT);
      const stop = Math.min(Math.ceil(end / UNIT), first - (first % pageUnits) + pageUnits, kinds.length);
      const kind = kinds[first] ?? 'damaged';
      let last = first + 1;
      while (last < stop && kinds[last] === kind) last += 1;
      // As the block table of a VHDX: what follows a run is looked at, too.
      if (kind === 'damaged' || (last < stop && kinds[last] === 'damaged'))
        throw new SendenseError('CORRUPT', 'damaged', { operation: 'read-image' });
      const run = { start: offset, end: Math.min(last * UNIT, end) };
      const found: Run = kind === 'data' ? { kind, ...run, hostOffset: offset } : { kind, ...run };
      return first % 3 === 0 ? Promise.resolve(found) : found;
    },
    decompress: () => Promise.reject(new Error('nothing is compressed')),
    [Symbol.asyncDispose]: async () => undefined,
  };
  return layer;
}

function randomKinds(random: () => number, units: number): readonly Kind[] {
  const kinds: Kind[] = [];
  while (kinds.length < units) {
    const kind = KINDS[seededInteger(random, KINDS.length)] ?? 'absent';
    for (let more = seededInteger(random, 9); more >= 0; more -= 1) kinds.push(kind);
  }
  return kinds.slice(0, units);
}

/** What the topmost layer that says something says of a unit; a layer that ends before it says zeros. */
function decided(layers: readonly (readonly Kind[])[], unit: number): string {
  for (const [depth, kinds] of layers.entries()) {
    const kind = kinds[unit];
    if (kind === undefined) return `zero ${depth - 1}`;
    if (kind !== 'absent') return `${kind} ${depth}`;
  }
  return `zero ${layers.length - 1}`;
}

/** All units of a chain as its windows tell them. */
async function unitsOf(layers: readonly Layer[], sizeBytes: number): Promise<readonly string[]> {
  const units: string[] = [];
  const runs: (Run | undefined)[] = [];
  for (let at = 0; at < sizeBytes; ) {
    const { start, end, pieces } = await resolveWindow(layers, at, Math.min(sizeBytes, at + 80 * UNIT), runs);
    expect([start, end > at]).toEqual([at, true]);
    for (const { offset, length, kind, depth, ...rest } of pieces) {
      expect(offset).toBe(units.length * UNIT);
      const place = 'hostOffset' in rest && rest.hostOffset !== offset ? ' elsewhere' : '';
      for (let done = 0; done < length; done += UNIT) units.push(`${kind} ${depth}${place}`);
    }
    expect(units.length * UNIT).toBe(end);
    at = end;
  }
  return units;
}

describe('a window of a chain', () => {
  it.each(Array.from({ length: 20 * testScale() }, (_, run) => testSeed() + run))(
    'tells of each unit what the topmost layer says that says something (seed %i)',
    async (seed) => {
      const random = seededRandom(seed);
      const chain = Array.from({ length: 1 + seededInteger(random, 6) }, () =>
        randomKinds(random, 100 + seededInteger(random, 200)),
      );
      const [top = []] = chain;
      const layers = chain.map((kinds) => layerOf(kinds, 1 + seededInteger(random, 64)));
      const wanted = top.map((_, unit) => decided(chain, unit));
      expect(await unitsOf(layers, top.length * UNIT)).toEqual(wanted);
    },
  );

  it('asks a layer once for each of its runs, however many runs lie above', async () => {
    const units = 2000;
    const scattered = (step: number) =>
      layerOf(
        Array.from({ length: units }, (_, unit) => (unit % 80 === 2 * step ? 'data' : 'absent')),
        units,
      );
    const layers = Array.from({ length: 40 }, (_, step) => scattered(step));
    await resolveWindow(layers, 0, units * UNIT);
    for (const { lookups } of layers) expect(lookups).toBeLessThanOrEqual((2 * units) / 80 + 1);
  });

  it('ends where it has too many pieces, and the next goes on from there', async () => {
    const kinds = Array.from({ length: 20_000 }, (_, unit) => (unit % 2 === 0 ? 'data' : 'absent') as Kind);
    const base = kinds.map((): Kind => 'zero');
    const layers = [layerOf(kinds, 8192), layerOf(base, 8192)];
    let at = 0;
    let windows = 0;
    for (; at < kinds.length * UNIT; windows += 1) {
      const { end, pieces } = await resolveWindow(layers, at, kinds.length * UNIT);
      expect(pieces.length).toBeLessThanOrEqual(8192);
      at = end;
    }
    expect(windows).toBeGreaterThan(2);
    expect(windows).toBeLessThan(8);
  });

  it('ends before tables that contradict the format; the window that begins there rejects', async () => {
    const layers = [
      layerOf(['absent', 'data', 'absent', 'zero', 'absent', 'data'], 8),
      layerOf(['data', 'data', 'data', 'data', 'damaged', 'data'], 8),
    ];
    const { end, pieces } = await resolveWindow(layers, 0, 6 * UNIT);
    expect([end, pieces.map(({ kind, depth }) => `${kind} ${depth}`)]).toEqual([
      4 * UNIT,
      ['data 1', 'data 0', 'data 1', 'zero 0'],
    ]);
    await expect(resolveWindow(layers, end, 6 * UNIT)).rejects.toMatchObject({ code: 'CORRUPT' });
    expect((await resolveWindow(layers, 5 * UNIT, 6 * UNIT)).pieces).toHaveLength(1);
  });

  it('does not mind damage that an upper layer hides', async () => {
    const layers = [
      layerOf(['absent', 'data', 'absent'], 8),
      layerOf(['absent', 'damaged', 'data'], 8),
      layerOf(['data', 'data', 'data'], 8),
    ];
    expect(await unitsOf(layers, 3 * UNIT)).toEqual(['data 2', 'data 0', 'data 1']);
  });
});
