import { type Call, type Finding, SendenseError, throwIfAborted } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import type { IndexedPack } from '../index/index-object.ts';
import { PackTable } from '../index/pack-table.ts';
import { PREFIXES, packIdOf, packKey } from '../layout/object-keys.ts';
import type { DamageNotes } from '../maintain/damaged-packs.ts';
import { serializeEntries } from '../packs/pack-directory.ts';
import { readDirectory } from '../packs/read-directory.ts';
import { damage } from './damage.ts';

/** How packs are looked at. */
export type PackRequest = {
  /** Learns the ids of the packs that are gone or cut. */
  readonly lost: Set<string>;
  /** Keeps them in mind before they are told. */
  readonly notes: DamageNotes;
  /** Whether each pack's own directory is read, too; else one listing tells all. */
  readonly directories: boolean;
};

/** Looks whether each pack of the index is there, as long as it was, and says of itself what the index says. */
export async function* verifyPacks(
  context: RepositoryContext,
  { lost, notes, directories }: PackRequest,
  call?: Call,
): AsyncGenerator<Finding> {
  await using stored = await listPacks(context, call);
  const { objects, youngObjects } = context.index;
  for (const key of [...youngObjects, ...objects]) {
    const isYoung = youngObjects.includes(key);
    const packs: IndexedPack[] = [];
    for await (const pack of context.index.read(key, call)) packs.push(pack);
    const findings = new Map<string, Finding>();
    for (const pack of packs) {
      throwIfAborted(call?.signal, 'verify-points');
      const sizeBytes = await stored.get(pack.id);
      const isGivenUp = isYoung && sizeBytes === undefined; // by its writer, and nobody else relies on it
      if (isGivenUp) lost.add(pack.id);
      const finding = isGivenUp ? undefined : verifySize(pack, sizeBytes);
      if (finding !== undefined) findings.set(pack.id, finding);
    }
    if (findings.size > 0) {
      if ((await context.store.head(key, call)) === undefined) continue; // a prune put others in its place
      for (const pack of findings.keys()) {
        lost.add(pack);
        notes.add(pack);
      }
      yield* await notes.settle(call);
      yield* findings.values();
    }
    if (!directories) continue;
    for (const pack of packs)
      if (!findings.has(pack.id) && !lost.has(pack.id)) yield* verifyDirectory(context, pack, call);
  }
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
    return damage('pack-missing', `the pack ${key} is gone; the points that need it are named below`, key);
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
