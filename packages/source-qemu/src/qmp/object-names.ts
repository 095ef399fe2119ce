import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { type BitmapName, parseBitmapName } from '@sendense/plugin-kit/baselines';

/** What is made for one disk of a capture, besides its bitmaps. */
export type ObjectNames = {
  readonly job: string;
  readonly export: string;
  /** The overlay that takes the bytes which the guest overwrites. */
  readonly overlay: string;
  /** The file of the overlay, as a node. */
  readonly file: string;
  readonly filter: string;
};

/**
 * The names of the objects of disk number `index` of the capture whose baseline is called `baseline`. Names of nodes
 * hold 31 characters (QEMU's block layer), so they bear a digest; the overlay's file has the name in full.
 */
export function objectNames(baseline: string, index: number): ObjectNames {
  const digest = createHash('sha256').update(baseline).digest('hex').slice(0, 14);
  const node = `sendense-${digest}-${index}`;
  const long = `${baseline}.${index}`;
  return { job: long, export: long, overlay: node, file: `${node}f`, filter: `${node}c` };
}

/** Whether the node called `name` was made by a capture. */
export function isOurNode(name: string): boolean {
  return /^sendense-[0-9a-f]{14}-\d+[fc]?$/.test(name);
}

/** Path of the overlay of disk number `index`. The leading dot keeps it out of folders that are read as machines. */
export function scratchPath(folder: string, baseline: string, index: number): string {
  return join(folder, `.${baseline}.${index}.scratch`);
}

/** An object of a capture: what the capture was, and the number of the disk. */
export type NamedObject = { readonly made: BitmapName; readonly index: number };

/** What a job, an export or (by its path) a scratch file was made for; `undefined` for one of somebody else. */
export function parseObjectName(text: string): NamedObject | undefined {
  const [, baseline, index] = /^\.?(sendense\..+)\.(\d{1,4})(?:\.scratch)?$/.exec(basename(text)) ?? [];
  const made = baseline === undefined ? undefined : parseBitmapName(baseline);
  return made === undefined ? undefined : { made, index: Number(index) };
}

const CHANGES = '.changes';

/** Name of the bitmap that holds what an increment reads; it is never stored. */
export function changesBitmap(baseline: string): string {
  return `${baseline}${CHANGES}`;
}

/** What a bitmap of an increment was made for; `undefined` for any other bitmap. */
export function parseChangesBitmap(name: string): BitmapName | undefined {
  return name.endsWith(CHANGES) ? parseBitmapName(name.slice(0, -CHANGES.length)) : undefined;
}
