import type { BackupKind } from '@sendense/core';

const PREFIX: Readonly<Record<BackupKind, string>> = {
  full: 'full',
  incremental: 'incr',
  differential: 'diff',
};

const DATA_FILE = /^((?:full|incr|diff)-(\d{8}-\d{6})(?:-[1-9]\d{0,8})?)\.(qcow2|json|digests)$/;

/** A name in a disk's folder. */
export type DataFileName = {
  readonly stem: string;
  readonly stamp: string;
  readonly ending: 'qcow2' | 'json' | 'digests';
};

/** The first stem for a new data file that is not among `taken`. */
export function nextStem(kind: BackupKind, stamp: string, taken: ReadonlySet<string>): string {
  const stem = `${PREFIX[kind]}-${stamp}`;
  let number = 1;
  while (taken.has(numbered(stem, number))) number += 1;
  return numbered(stem, number);
}

function numbered(stem: string, number: number): string {
  return number === 1 ? stem : `${stem}-${number}`;
}

/** The parts of a name in a disk's folder, or `undefined` when the name is not ours. */
export function parseDataFileName(name: string): DataFileName | undefined {
  const [, stem, stamp, ending] = DATA_FILE.exec(name) ?? [];
  if (stem === undefined || stamp === undefined) return undefined;
  return { stem, stamp, ending: ending as DataFileName['ending'] };
}

/** The stem of a data file's name. */
export function stemOf(file: string): string {
  return file.slice(0, -'.qcow2'.length);
}

/** The sidecar's name of a data file. */
export function sidecarName(file: string): string {
  return `${stemOf(file)}.json`;
}
