import { type Call, type Finding, SendenseError } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { type IndexedPack, serializeIndex } from '../index/index-object.ts';
import { PackIdSet } from '../index/pack-id-set.ts';
import { RECORD_BYTES } from '../index/table-page.ts';
import { writeRecords } from '../index/write-records.ts';
import { readDirectory } from '../packs/read-directory.ts';
import { damage } from '../verify/damage.ts';
import { LivePacks } from './live-packs.ts';
import { withOwnIndex } from './own-index.ts';
import type { PruneLock } from './prune-lock.ts';

/** A pack that no whole index object names, younger than the grace. */
export type YoungPack = { readonly id: string; readonly sizeBytes: number };

/** Chunks that are missing are told up to so many: one lost pack hurts many. */
const MOST_TOLD = 100;

/**
 * Those of some packs that a point needs, by an index of its own in which they are; of several copies in such packs all, because
 * any of them may be of a writer that gives up yet. What cannot be found or read is a finding: then
 * the packs that only lie behind it are not known to be needed, and prune deletes nothing either.
 */
export async function findNeededPacks(
  shared: RepositoryContext,
  young: readonly YoungPack[],
  lock: PruneLock,
  call?: Call,
): Promise<{ readonly packs: readonly YoungPack[]; readonly findings: readonly Finding[] }> {
  if (young.length === 0) return { packs: [], findings: [] };
  await using context = withOwnIndex(shared);
  await context.index.refresh(call);
  const readable: YoungPack[] = [];
  const hurt: YoungPack[] = [];
  for (const pack of young) {
    await lock.check(call);
    const known = await readPack(context, pack, call);
    if (known !== undefined) await addToTable(context, known, call);
    (known === undefined ? hurt : readable).push(pack);
  }
  const { points, damaged } = await context.points.all(call);
  const findings = [...damaged].map(([key, error]) => damage('manifest-damaged', error, key));
  let told = 0;
  const missing = ({ message }: SendenseError) => {
    told += 1;
    if (told <= MOST_TOLD) findings.push({ severity: 'error', code: 'chunk-missing', message });
  };
  const unsure = new PackIdSet(readable.map(({ id }) => id));
  const request = { points, avoided: [unsure], unsure, check: () => lock.check(call), missing };
  await using live = await LivePacks.find(context, request, call);
  const needed = await live.neededOf(readPacks(context, readable, call), call);
  // the damage of those is told by who adds them
  return {
    packs: [...hurt, ...readable.filter(({ id }) => needed.has(id))],
    findings: [...findings, ...live.damaged.values()],
  };
}

/** Some packs, one after another: all their entries at once would take much memory. */
async function* readPacks(
  context: RepositoryContext,
  packs: readonly YoungPack[],
  call?: Call,
): AsyncGenerator<IndexedPack> {
  for (const pack of packs) {
    const known = await readPack(context, pack, call);
    if (known !== undefined) yield known; // else its writer gave up meanwhile
  }
}

async function readPack(
  { store, sealer }: RepositoryContext,
  { id, sizeBytes }: YoungPack,
  call?: Call,
): Promise<IndexedPack | undefined> {
  try {
    return { id, sizeBytes, entries: await readDirectory(store, sealer, id, sizeBytes, call) };
  } catch (error) {
    if (SendenseError.is(error, 'CORRUPT') || SendenseError.is(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
}

async function addToTable({ index }: RepositoryContext, pack: IndexedPack, call?: Call): Promise<void> {
  const records = Buffer.alloc(pack.entries.length * RECORD_BYTES);
  const bytes = writeRecords(serializeIndex([pack]), records);
  await (await index.table(call)).add(records.subarray(0, bytes ?? 0));
}
