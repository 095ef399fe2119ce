import { type Call, type Finding, SendenseError, throwIfAborted } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import type { IndexedPack } from '../index/index-object.ts';
import { PackTable } from '../index/pack-table.ts';
import { PREFIXES, packIdOf, packKey } from '../layout/object-keys.ts';
import type { DamageNotes } from '../maintain/damaged-packs.ts';
import { serializeEntries } from '../packs/pack-directory.ts';
import { readDirectory } from '../packs/read-directory.ts';
import { damage } from './damage.ts';
import type { DirectoryWalk } from './directory-walk.ts';

/** How packs are looked at. */
export type PackRequest = {
  /** Learns the ids of the packs that are gone or cut. */
  readonly lost: Set<string>;
  /** Keeps them in mind before they are told. */
  readonly notes: DamageNotes;
  /** Which packs' own directories are read, too, and learns what of them is told; where none are, one listing tells all. */
  readonly directories: DirectoryWalk;
};

/**
 * Looks whether each pack of the index is there, as long as it was, and says of itself what the index says. What is put in the
 * place of index objects meanwhile is looked at, too, and what names packs since that only young ones named.
 */
export async function* verifyPacks(
  context: RepositoryContext,
  request: PackRequest,
  call?: Call,
): AsyncGenerator<Finding> {
  const { index } = context;
  const seen = new Set<string>();
  for (let isOutdated = true; isOutdated; ) {
    isOutdated = false;
    await using stored = await listPacks(context, call);
    const young = new Set(index.youngObjects);
    for (const key of [...young, ...index.objects]) {
      if (seen.has(key)) continue;
      seen.add(key);
      const packs = await packsAt(context, key, call);
      const object = { ...request, stored, key, isYoung: young.has(key) };
      if (packs === undefined) isOutdated = true;
      else if (yield* verifyObject(context, { ...object, packs }, call)) isOutdated = true;
    }
    // before the packs are listed again: those of the new ones were there before
    if (isOutdated) await index.refresh(call);
  }
}

/** The packs of an index object; `undefined` when it is gone, because others were put in its place. */
async function packsAt(
  { index }: RepositoryContext,
  key: string,
  call?: Call,
): Promise<readonly IndexedPack[] | undefined> {
  try {
    const packs: IndexedPack[] = [];
    for await (const pack of index.read(key, call)) packs.push(pack);
    return packs;
  } catch (error) {
    if (!SendenseError.is(error, 'NOT_FOUND')) throw error;
    return undefined;
  }
}

/** The packs of an index object, and those of the store. */
type ObjectRequest = PackRequest & {
  readonly stored: PackTable;
  readonly key: string;
  readonly packs: readonly IndexedPack[];
  readonly isYoung: boolean;
};

/** Gives whether the index may say otherwise by now: others were put in its place, or may vouch for young packs that are gone. */
async function* verifyObject(
  context: RepositoryContext,
  { lost, notes, directories, stored, key, packs, isYoung }: ObjectRequest,
  call?: Call,
): AsyncGenerator<Finding, boolean> {
  let isOutdated = false;
  const findings = new Map<string, Finding>();
  for (const pack of packs) {
    throwIfAborted(call?.signal, 'verify-points');
    const sizeBytes = await stored.get(pack.id);
    const isGivenUp = isYoung && sizeBytes === undefined; // unless another index object names it
    if (isGivenUp) lost.add(pack.id);
    isOutdated ||= isGivenUp;
    const finding = isGivenUp ? undefined : verifySize(pack, sizeBytes);
    if (finding !== undefined) findings.set(pack.id, finding);
  }
  if (findings.size > 0) {
    if ((await context.store.head(key, call)) === undefined) return true; // a prune put others in its place
    for (const pack of findings.keys()) {
      lost.add(pack);
      notes.add(pack);
    }
    yield* await notes.settle(call);
    yield* findings.values();
  }
  for (let number = directories.read(key); number < packs.length; number += 1) {
    if (directories.isOver) return isOutdated;
    const pack = packs[number];
    if (pack !== undefined && !findings.has(pack.id) && !lost.has(pack.id))
      for await (const finding of verifyDirectory(context, pack, call)) {
        directories.noteError();
        yield finding;
      }
    directories.note(key, number + 1);
  }
  directories.noteObject(key);
  return isOutdated;
}

/** The packs of the store and their sizes. */
async function listPacks({ store, createTable }: RepositoryContext, call?: Call): Promise<PackTable> {
  const packs = await PackTable.open(createTable);
  for await (const { key, sizeBytes } of store.list(PREFIXES.packs, undefined, call)) {
    const id = packIdOf(key);
    if (id !== undefined) packs.add(id, Math.min(sizeBytes, 2 ** 32 - 1));
    await packs.settle();
  }
  return packs;
}

function verifySize({ id, sizeBytes }: IndexedPack, storedBytes: number | undefined): Finding | undefined {
  const key = packKey(id);
  if (storedBytes === sizeBytes) return undefined;
  if (storedBytes === undefined)
    return damage('pack-missing', `the pack ${key} is gone; the points that need it are named, too`, key);
  return damage('pack-damaged', `the pack ${key} has ${storedBytes} bytes, not ${sizeBytes}`, key);
}

async function* verifyDirectory(
  { store, sealer }: RepositoryContext,
  { id, sizeBytes, entries }: IndexedPack,
  call?: Call,
): AsyncGenerator<Finding> {
  throwIfAborted(call?.signal, 'verify-points');
  const key = packKey(id);
  try {
    const stored = await readDirectory(store, sealer, id, sizeBytes, call);
    if (serializeEntries(stored).equals(serializeEntries(entries))) return;
    yield damage('directory-damaged', `the pack ${key} and the index name other chunks`, key);
  } catch (error) {
    if (SendenseError.is(error, 'NOT_FOUND')) return; // a prune deleted it after it was listed
    if (!SendenseError.is(error, 'CORRUPT')) throw error;
    yield damage('directory-damaged', error, key);
  }
}
