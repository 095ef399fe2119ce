import type { BackupKind } from '@sendense/core';

const PREFIX: Readonly<Record<BackupKind, string>> = {
  full: 'full',
  incremental: 'incr',
  differential: 'diff',
};

const DATA_FILE = /^((?:full|incr|diff)-\d{8}-\d{6}(?:-[1-9]\d{0,8})?)\.(qcow2|json|digests)$/;

/** Names that a data file with this kind and stamp may have, in the order they are tried. */
export function* dataFileStems(kind: BackupKind, stamp: string): Generator<string> {
  yield `${PREFIX[kind]}-${stamp}`;
  for (let number = 2; ; number += 1) yield `${PREFIX[kind]}-${stamp}-${number}`;
}

/** The stem and the ending of a name in a disk's folder, or `undefined` when the name is not ours. */
export function parseDataFileName(
  name: string,
): { readonly stem: string; readonly ending: 'qcow2' | 'json' | 'digests' } | undefined {
  const [, stem, ending] = DATA_FILE.exec(name) ?? [];
  if (stem === undefined) return undefined;
  return { stem, ending: ending as 'qcow2' | 'json' | 'digests' };
}

/** The stem of a data file's name. */
export function stemOf(file: string): string {
  return file.slice(0, -'.qcow2'.length);
}

/** The sidecar's name of a data file. */
export function sidecarName(file: string): string {
  return `${stemOf(file)}.json`;
}
