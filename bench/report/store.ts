import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import type { Curve } from '../curves/curve.ts';
import type { Profile } from '../profile/profile.ts';
import { ROW_NAMES } from '../rows/row-names.ts';
import type { MachineDescription } from '../setup/describe-machine.ts';
import { type Result, resultKey } from './result.ts';

/** A result with the day it was measured. */
export type RecordedResult = Result & { readonly recordedAt: string };

/** Everything that the document is written from; all of it from one machine. */
export type Records = {
  readonly machine: MachineDescription | null;
  readonly versions: Readonly<Record<string, string>>;
  readonly results: readonly RecordedResult[];
  readonly curves: readonly Curve[];
  readonly profile: Profile | null;
};

/** What one run of the bench measured. */
export type Measurements = Omit<Records, 'results'> & { readonly results: readonly Result[] };

const FOLDER = new URL('../results/', import.meta.url);
const FILE = new URL('records.json', FOLDER);

const NOTHING: Records = { machine: null, versions: {}, results: [], curves: [], profile: null };

/** The records kept so far. */
export function readRecords(): Records {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Records) : NOTHING;
}

/** Keeps measurements beside those of earlier runs. */
export async function writeRecords(records: Records): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  await writeFile(FILE, `${JSON.stringify(records, null, 1)}\n`);
}

/**
 * Adds a run to the records: a result replaces that of the same row and variant, a row that failed all of its results.
 * Nothing is kept from another machine, because its figures cannot stand beside these.
 */
export function mergeRecords(kept: Records, run: Measurements, at: Date): Records {
  const same = JSON.stringify(kept.machine) === JSON.stringify(run.machine);
  const before = same ? kept : NOTHING;
  const recordedAt = at.toISOString();
  const fresh = run.results.map((result) => ({ ...result, recordedAt }));
  const names = new Set(run.curves.map(({ name }) => name));
  return {
    machine: run.machine,
    versions: run.versions,
    results: [...before.results.filter((old) => !isReplaced(old, fresh)), ...fresh].sort(byRow),
    curves: [...before.curves.filter(({ name }) => !names.has(name)), ...run.curves].sort(byName),
    profile: run.profile ?? before.profile,
  };
}

function isReplaced(old: Result, fresh: readonly Result[]): boolean {
  const ofRow = fresh.filter(({ name }) => name === old.name);
  if (ofRow.length > 0 && old.reason !== null) return true;
  return ofRow.some((result) => result.reason !== null || resultKey(result) === resultKey(old));
}

function byRow(a: Result, b: Result): number {
  const rows = ROW_NAMES.indexOf(a.name) - ROW_NAMES.indexOf(b.name);
  return rows === 0 ? resultKey(a).localeCompare(resultKey(b)) : rows;
}

function byName(a: Curve, b: Curve): number {
  return a.name.localeCompare(b.name);
}
