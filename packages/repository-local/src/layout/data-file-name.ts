import type { BackupKind } from '@sendense/core';

const PREFIX: Readonly<Record<BackupKind, string>> = {
  full: 'full',
  incremental: 'incr',
  differential: 'diff',
};

const DATA_FILE = /^((?:full|incr|diff)-(\d{8}-\d{6})(?:-([1-9]\d{0,8}))?)\.(qcow2|json|digests)$/;

/**
 * The stem of a new data file, numbered above every file of its stamp among `names`, whatever their kinds: a file that says
 * it replaced another has a larger number than that one, so the replaced name is never given again while it counts.
 */
export function nextStem(kind: BackupKind, stamp: string, names: Iterable<string>): string {
  let last = 0;
  for (const name of names) {
    const [, , taken, number = '1'] = DATA_FILE.exec(name) ?? [];
    if (taken === stamp) last = Math.max(last, Number(number));
  }
  return last === 0 ? `${PREFIX[kind]}-${stamp}` : `${PREFIX[kind]}-${stamp}-${last + 1}`;
}

/** The stem and the ending of a name in a disk's folder, or `undefined` when the name is not ours. */
export function parseDataFileName(
  name: string,
): { readonly stem: string; readonly ending: 'qcow2' | 'json' | 'digests' } | undefined {
  const [, stem, , , ending] = DATA_FILE.exec(name) ?? [];
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
