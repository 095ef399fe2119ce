import { closeSync, fchmodSync, fchownSync, futimesSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowseSession } from '@sendense/file-restore';
import { digest, type Facts } from './facts.ts';

const SPARSE_BYTES = 5 * 2 ** 30 + 1;
/** Every file has a time of its own, from this one on, in seconds. */
const FIRST_SECONDS = 1_000_000_000;
/** What a file system keeps of files: an owner and mode for each, and times in less than seconds. */
export type Keeps = { readonly owners: boolean; readonly fractions: boolean };

/** What the sparse file holds, by where: across two blocks, and at its end. */
export const WRITTEN: ReadonlyMap<number, string> = new Map([
  [0, 'begin'],
  [3 * 2 ** 30 + 4092, 'across'],
  [SPARSE_BYTES - 3, 'end'],
]);

/** Makes a folder of files, each with bytes, a time and, where they are kept, a mode and owner of its own. What was made, by name. */
export function makeLargeFolder(
  folder: string,
  count: number,
  { owners, fractions }: Keeps,
): Map<string, Facts> {
  mkdirSync(folder);
  const made = new Map<string, Facts>();
  for (let index = 0; index < count; index += 1) {
    const name = `file ${index} ü`;
    const bytes = Buffer.from(`${index}\n`);
    const seconds = FIRST_SECONDS + 2 * index + (fractions ? 0.25 : 0);
    const [mode, uid, gid] = owners ? [0o600 + (index % 64), index, index + 1] : [0o644, 0, 0];
    const file = openSync(join(folder, name), 'wx');
    writeSync(file, bytes);
    if (owners) {
      fchownSync(file, uid, gid);
      fchmodSync(file, mode);
    }
    futimesSync(file, seconds, seconds);
    closeSync(file);
    const mtimeNs = BigInt(seconds * 100) * 10_000_000n;
    made.set(name, { type: 'file', mode, uid, gid, mtimeNs, content: digest(bytes) });
  }
  return made;
}

/** Names that only one of two folders has, or whose files differ, the first few. */
export function differences(one: ReadonlyMap<string, Facts>, other: ReadonlyMap<string, Facts>): string[] {
  const names = new Set([...one.keys(), ...other.keys()]);
  const differ = (name: string): boolean => textOf(one.get(name)) !== textOf(other.get(name));
  return [...names]
    .filter(differ)
    .slice(0, 10)
    .map((name) => `${name}: ${textOf(one.get(name))}; ${textOf(other.get(name))}`);
}

function textOf(facts: Facts | undefined): string {
  if (facts === undefined) return 'missing';
  const { type, mode, uid, gid, mtimeNs, content } = facts;
  return [type, mode.toString(8), uid, gid, mtimeNs, content].join(' ');
}

/** Makes a file of 5 GiB that is holes but for what is `WRITTEN`. */
export async function makeSparse(path: string): Promise<void> {
  await using sparse = await open(path, 'w');
  await sparse.truncate(SPARSE_BYTES);
  for (const [at, text] of WRITTEN) await sparse.write(text, at);
}

/** All bytes of a file that are no zeros, as Latin-1, by where they lie; fails unless the file is as long as the sparse one. */
export async function writtenIn(session: BrowseSession, path: string): Promise<Map<number, string>> {
  const found = await session.find(path);
  if (found.stat.sizeBytes !== SPARSE_BYTES) throw new Error(`the file has ${found.stat.sizeBytes} bytes`);
  const written = new Map<number, string>();
  let [begin, end] = [0, 0];
  for await (const { offset, bytes } of session.read(found, { offset: 0, length: SPARSE_BYTES }))
    for (const { index, 0: text } of Buffer.from(bytes)
      .toString('latin1')
      .matchAll(/[^\0]+/gu)) {
      const at = offset + index;
      if (at !== end || written.size === 0) begin = at;
      written.set(begin, (written.get(begin) ?? '') + text);
      end = at + text.length;
    }
  return written;
}
