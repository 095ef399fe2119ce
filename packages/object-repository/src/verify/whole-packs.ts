import { type Call, SendenseError, throwIfAborted } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import type { IndexedPack } from '../index/index-object.ts';
import { packKey } from '../layout/object-keys.ts';
import type { DamagedPacks } from '../maintain/damaged-packs.ts';
import { type PackEntry, serializeEntries } from '../packs/pack-directory.ts';
import { PACK_HEADER_BYTES } from '../packs/pack-layout.ts';
import { readDirectory } from '../packs/read-directory.ts';

/** Bytes of one request for frames, about: a frame may be longer. */
const RUN_BYTES = 4 * 1024 * 1024;

/** Packs that were read whole, and their sizes. */
export type WholePacks = ReadonlyMap<string, number>;

/** Those of the packs that damage records name which index objects name, too, and all of which is what was stored. */
export async function findWholePacks(
  context: RepositoryContext,
  records: readonly DamagedPacks[],
  call?: Call,
): Promise<WholePacks> {
  const { index } = context;
  const whole = new Map<string, number>();
  await index.refresh(call);
  for (const key of index.objects)
    try {
      for await (const pack of index.read(key, call))
        if (!whole.has(pack.id) && records.some(({ packs }) => packs.has(pack.id)))
          if (await isWhole(context, pack, call)) whole.set(pack.id, pack.sizeBytes);
    } catch (error) {
      // others took its place, or it is damaged by now: another verification sees what is there then
      if (!SendenseError.is(error, 'NOT_FOUND') && !SendenseError.is(error, 'CORRUPT')) throw error;
    }
  return whole;
}

/** Whether a pack says of itself what the index says, and each of its frames is the chunk of its id. */
async function isWhole(context: RepositoryContext, pack: IndexedPack, call?: Call): Promise<boolean> {
  const { store, sealer, codec } = context;
  const { id, sizeBytes, entries } = pack;
  try {
    const stored = await readDirectory(store, sealer, id, sizeBytes, call);
    if (!serializeEntries(stored).equals(serializeEntries(entries))) return false;
    for (const { offset, length, frames } of runsOf(entries)) {
      throwIfAborted(call?.signal, 'verify-points');
      const bytes = await store.get(packKey(id), { offset, length }, call);
      for (const frame of frames) {
        const chunk = await codec.decode(bytes.subarray(frame.at, frame.at + frame.length), frame.id, call);
        chunk.giveBack();
      }
    }
    return true;
  } catch (error) {
    if (isHurt(error)) return false;
    throw error;
  }
}

function isHurt(error: unknown): boolean {
  return (['CORRUPT', 'NOT_FOUND', 'RANGE_INVALID'] as const).some((code) => SendenseError.is(error, code));
}

/** Frames that one request reads; `at` counts from its first byte. */
type Run = {
  readonly offset: number;
  readonly length: number;
  readonly frames: readonly { readonly id: Uint8Array; readonly at: number; readonly length: number }[];
};

/** All frames of a pack: they follow one another. */
function* runsOf(entries: readonly PackEntry[]): Generator<Run> {
  let offset = PACK_HEADER_BYTES;
  let frames: { id: Uint8Array; at: number; length: number }[] = [];
  let length = 0;
  for (const entry of entries) {
    frames.push({ id: entry.id, at: length, length: entry.length });
    length += entry.length;
    if (length < RUN_BYTES) continue;
    yield { offset, length, frames };
    offset += length;
    [frames, length] = [[], 0];
  }
  if (length > 0) yield { offset, length, frames };
}
