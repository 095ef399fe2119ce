import { type Call, type Finding, SendenseError, throwIfAborted } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { PREFIXES, packIdOf } from '../layout/object-keys.ts';
import { readDirectory } from '../packs/read-directory.ts';
import { damage } from '../verify/damage.ts';
import { takePruneLock } from './prune-lock.ts';
import { IndexWriter } from './rewrite-index.ts';

/** What a rebuild of the index found. */
export type RebuildReport = { readonly packs: number; readonly findings: readonly Finding[] };

/**
 * Makes the index anew from the directories of the packs, then removes the old index objects. A pack whose directory is
 * damaged is a finding. No backup may run meanwhile: the packs of one that gives up would stay in the index.
 */
export async function rebuildIndex(context: RepositoryContext, call?: Call): Promise<RebuildReport> {
  context.enter('rebuild-index', call);
  const { store, sealer, index } = context;
  await using lock = await takePruneLock(context, call);
  const old: string[] = [];
  for await (const { key } of store.list(PREFIXES.index, undefined, call)) old.push(key);
  const writer = new IndexWriter(context, call);
  const findings: Finding[] = [];
  let packs = 0;
  for await (const { key, sizeBytes } of store.list(PREFIXES.packs, undefined, call)) {
    throwIfAborted(call?.signal, 'rebuild-index');
    const id = packIdOf(key);
    if (id === undefined) continue;
    try {
      await writer.add({ id, sizeBytes, entries: await readDirectory(store, sealer, id, sizeBytes, call) });
      packs += 1;
    } catch (error) {
      if (!SendenseError.is(error, 'CORRUPT')) throw error;
      findings.push(damage('directory-damaged', error, key));
    }
  }
  await writer.finish();
  for (const key of old) {
    await lock.check(call);
    await store.delete(key, call);
  }
  await index.refresh(call);
  return { packs, findings };
}
