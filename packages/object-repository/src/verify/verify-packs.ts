import { type Call, type Finding, SendenseError, throwIfAborted } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import type { IndexedPack } from '../index/index-object.ts';
import { packKey } from '../layout/object-keys.ts';
import { serializeEntries } from '../packs/pack-directory.ts';
import { readDirectory } from '../packs/read-directory.ts';
import { damage } from './damage.ts';

/**
 * Looks whether each pack of the index is there, as long as it was, and says of itself what the index says. `lost` learns the
 * ids of those that are gone or cut.
 */
export async function* verifyPacks(
  context: RepositoryContext,
  lost: Set<string>,
  call?: Call,
): AsyncGenerator<Finding> {
  for (const key of context.index.objects) {
    for await (const pack of context.index.read(key, call)) {
      throwIfAborted(call?.signal, 'verify-points');
      const finding = await verifyPack(context, pack, call);
      if (finding === undefined) continue;
      if (finding.code !== 'directory-damaged') lost.add(pack.id);
      yield finding;
    }
  }
}

async function verifyPack(
  { store, sealer }: RepositoryContext,
  { id, sizeBytes, entries }: IndexedPack,
  call?: Call,
): Promise<Finding | undefined> {
  const key = packKey(id);
  const status = await store.head(key, call);
  if (status === undefined)
    return damage('pack-missing', `the pack ${key} is gone; the points that need it are named below`, key);
  if (status.sizeBytes !== sizeBytes)
    return damage('pack-damaged', `the pack ${key} has ${status.sizeBytes} bytes, not ${sizeBytes}`, key);
  try {
    const stored = await readDirectory(store, sealer, id, sizeBytes, call);
    if (serializeEntries(stored).equals(serializeEntries(entries))) return undefined;
    return damage('directory-damaged', `the pack ${key} and the index name other chunks`, key);
  } catch (error) {
    if (!SendenseError.is(error, 'CORRUPT')) throw error;
    return damage('directory-damaged', error, key);
  }
}
