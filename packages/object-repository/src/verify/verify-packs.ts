import { type Call, type Finding, SendenseError, throwIfAborted } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import type { IndexedPack } from '../index/index-object.ts';
import { PackTable } from '../index/pack-table.ts';
import { PREFIXES, packIdOf, packKey } from '../layout/object-keys.ts';
import { serializeEntries } from '../packs/pack-directory.ts';
import { readDirectory } from '../packs/read-directory.ts';
import { damage } from './damage.ts';

/** How packs are looked at. */
export type PackRequest = {
  /** Learns the ids of the packs that are gone or cut. */
  readonly lost: Set<string>;
  /** Whether each pack's own directory is read, too; else one listing tells all. */
  readonly directories: boolean;
};

/** Looks whether each pack of the index is there, as long as it was, and says of itself what the index says. */
export async function* verifyPacks(
  context: RepositoryContext,
  { lost, directories }: PackRequest,
  call?: Call,
): AsyncGenerator<Finding> {
  await using stored = await listPacks(context, call);
  for (const key of context.index.objects) {
    for await (const pack of context.index.read(key, call)) {
      throwIfAborted(call?.signal, 'verify-points');
      const finding = verifySize(pack, await stored.get(pack.id));
      if (finding !== undefined) {
        if ((await context.store.head(key, call)) === undefined) break; // a prune put others in its place
        lost.add(pack.id);
        yield finding;
      } else if (directories) yield* verifyDirectory(context, pack, call);
    }
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
