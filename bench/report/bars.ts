import { readFileSync } from 'node:fs';
import type { Variant } from './result.ts';

type Bar = Variant & { readonly row: string; readonly most: number };

/** Reads `bars.json`: the most that a row may need, by row and variant. */
export function readBars(): readonly Bar[] {
  const text = readFileSync(new URL('../bars.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { bars: Bar[] }).bars;
}

/** The bar of a row in that variant; `null` when there is none. A bar counts for all that it does not name. */
export function barOf(row: string, variant: Variant, bars = readBars()): number | null {
  const names = ['destination', 'data', 'peer', 'measure'] as const;
  const fits = (bar: Bar) =>
    bar.row === row && names.every((name) => bar[name] === undefined || bar[name] === variant[name]);
  return bars.find(fits)?.most ?? null;
}
