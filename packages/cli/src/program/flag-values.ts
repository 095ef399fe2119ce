import { InvalidArgumentError } from 'commander';
import { HOST_AND_PORT } from '../config/config-schema.ts';

const FACTORS: Readonly<Record<string, number>> = { '': 1, K: 1 << 10, M: 1 << 20, G: 1 << 30, T: 2 ** 40 };

/** `10485760`, `10M`, `1.5G` (binary multiples) as bytes. */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?$/i.exec(text);
  const bytes = Math.floor(Number(match?.[1]) * (FACTORS[(match?.[2] ?? '').toUpperCase()] ?? Number.NaN));
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new InvalidArgumentError('It must be a number of bytes above 0, such as 1048576, 100M or 1.5G.');
}

const SPANS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** A count and one of the units, as milliseconds; `undefined` for anything else. */
function spanOf(text: string, units: readonly string[]): number | undefined {
  const [, count, unit = ''] = /^(\d{1,5})([a-z]{1,2})$/.exec(text) ?? [];
  const spanMs = units.includes(unit) ? Number(count) * (SPANS[unit] ?? Number.NaN) : Number.NaN;
  return spanMs > 0 ? spanMs : undefined;
}

/** `12h`, `30d`, `4w` as milliseconds. */
export function parseSpan(text: string): number {
  const spanMs = spanOf(text, ['h', 'd', 'w']);
  if (spanMs !== undefined) return spanMs;
  throw new InvalidArgumentError('It must be hours, days or weeks, such as 12h, 30d or 4w.');
}

/** `500ms`, `90s`, `30m`, `8h`, `1d` as milliseconds. */
export function parseWorkTime(text: string): number {
  const spanMs = spanOf(text, ['ms', 's', 'm', 'h', 'd']);
  if (spanMs !== undefined) return spanMs;
  throw new InvalidArgumentError('It must be seconds, minutes, hours or days, such as 90s, 30m or 8h.');
}

/** `5`, `0.5%` as a part of one: above 0, at most 100. */
export function parsePercent(text: string): number {
  const [, percent] = /^(\d{1,3}(?:\.\d{1,6})?)\s?%?$/.exec(text) ?? [];
  const part = Number(percent) / 100;
  if (part > 0 && part <= 1) return part;
  throw new InvalidArgumentError('It must be percent above 0 and at most 100, such as 5, 0.5 or 5%.');
}

/** A whole number from 0. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(count)) return count;
  throw new InvalidArgumentError('It must be a whole number from 0.');
}

/** A whole number from 1. */
export function parsePositive(text: string): number {
  const count = parseCount(text);
  if (count > 0) return count;
  throw new InvalidArgumentError('It must be a whole number from 1.');
}

/** A lower- or upper-case UUID, as lower case. */
export function parseUuid(text: string): string {
  const uuid = text.toLowerCase();
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid)) return uuid;
  throw new InvalidArgumentError('It must be a UUID, such as 0f8fad5b-d9cb-469f-a165-70867728950e.');
}

/** `HOST:PORT`, as it is. */
export function parseAddress(text: string): string {
  if (HOST_AND_PORT.test(text)) return text;
  throw new InvalidArgumentError('It must be HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080.');
}

/** Something that is not empty. */
export function parseText(text: string): string {
  if (text.length > 0) return text;
  throw new InvalidArgumentError('It must not be empty.');
}

/** Collects a flag that may be given several times. */
export function collectText(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), parseText(text)];
}
