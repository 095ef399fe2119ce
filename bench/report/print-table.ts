import type { Result, Unit } from './result.ts';

const MIB = 2 ** 20;

/** A measured value with its unit, for people. */
export function quantity(value: number | null | undefined, unit: Unit | undefined): string {
  if (value === null || value === undefined) return '–';
  if (unit === 'bytes') return `${(value / MIB).toFixed(value < 100 * MIB ? 1 : 0)} MiB`;
  if (unit === 'ms') return `${value.toFixed(1)} ms`;
  return `${value.toFixed(2)} s`;
}

/** A ratio, or the value of an absolute row, with its interval. */
export function judged({ ratio, ours, interval, unit }: Result): string {
  const show = (value: number) => (ratio === null ? quantity(value, unit) : value.toFixed(3));
  const middle = ratio ?? ours;
  if (middle === null) return '–';
  return interval === null ? show(middle) : `${show(middle)} (${show(interval[0])} – ${show(interval[1])})`;
}

/** The bar in the unit of what is judged. */
export function barText({ bar, ratio, theirs, unit }: Result): string {
  if (bar === null) return '–';
  return ratio === null && theirs === null && unit !== undefined ? `≤ ${quantity(bar, unit)}` : `≤ ${bar}`;
}

/** The variant of a result in words. */
export function variantText({ destination, data, peer, measure }: Result): string {
  return [destination, data, peer === undefined ? undefined : `vs ${peer}`, measure]
    .filter((part) => part !== undefined)
    .join(', ');
}

/** A line of the table for a terminal. */
export function resultLine(result: Result): string {
  const name = [result.name, variantText(result)].filter((part) => part !== '').join(' ');
  if (result.reason !== null) return `${name}: not measured: ${result.reason}`;
  const { ours, theirs, unit, limit, met } = result;
  const sides =
    theirs === null ? quantity(ours, unit) : `${quantity(ours, unit)} / ${quantity(theirs, unit)}`;
  const least = limit === undefined || limit === null ? '' : `, limit ${quantity(limit, 's')}`;
  const verdict = met === null ? 'no bar' : met ? 'met' : 'MISSED';
  return `${name}: ${sides}${least}; ${judged(result)}, bar ${barText(result)}: ${verdict}`;
}
