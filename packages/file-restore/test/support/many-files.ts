import { closeSync, fchmodSync, fchownSync, futimesSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { digest, type Facts } from './tree-facts.ts';

/** What is compared of each of many files. */
export type ManyFacts = Pick<Facts, 'mode' | 'uid' | 'gid' | 'mtimeNs' | 'sizeBytes' | 'content'>;

/** Every file has a time of its own, from this one on, in seconds. FAT counts pairs of them. */
const FIRST_SECONDS = 1_000_000_000;

/** What the file with a number holds, and is to be said of it; with a mode and owner of its own where the file system keeps them. */
export function manyFile(
  index: number,
  hasOwners: boolean,
): { readonly facts: ManyFacts; readonly bytes: Buffer } {
  const bytes = Buffer.from(`${index}\n`);
  const mtimeNs = BigInt(FIRST_SECONDS + 2 * index) * 1_000_000_000n;
  const [mode, uid, gid] = hasOwners ? [0o600 + (index % 64), index, index + 1] : [0o644, 0, 0];
  const facts = { mode, uid, gid, mtimeNs, sizeBytes: bytes.byteLength, content: digest(bytes) };
  return { facts, bytes };
}

/** Makes a folder with a file for each name, numbered on from `first`; calls that do not wait make them several times faster. */
export function makeManyFiles(
  folder: string,
  names: readonly string[],
  { first = 0, hasOwners = true }: { readonly first?: number; readonly hasOwners?: boolean } = {},
): Map<string, ManyFacts> {
  mkdirSync(folder);
  const made = new Map<string, ManyFacts>();
  for (const [at, name] of names.entries()) {
    const { bytes, facts } = manyFile(first + at, hasOwners);
    const seconds = Number(facts.mtimeNs / 1_000_000_000n);
    const file = openSync(join(folder, name), 'wx');
    writeSync(file, bytes);
    fchownSync(file, facts.uid, facts.gid);
    fchmodSync(file, facts.mode);
    futimesSync(file, seconds, seconds);
    closeSync(file);
    made.set(name, facts);
  }
  return made;
}

/** `file 0` and on. */
export function manyNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `file ${index}`);
}
