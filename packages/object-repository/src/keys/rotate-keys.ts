import { type Call, SendenseError } from '@sendense/core';
import { newObjectId, type RepositoryContext } from '../context.ts';
import { PREFIXES } from '../layout/object-keys.ts';
import { takePruneLock } from '../maintain/prune-lock.ts';
import { getListed, type Sized } from '../store/get-listed.ts';
import { type KeySlot, parseKeySlot, SCRYPT_COST_LOG2, serializeKeySlot } from './key-slot.ts';
import type { KeySource } from './key-source.ts';
import { damagedObject, isProven, MAX_PROVEN_BYTES, parseClaimed } from './proven-json.ts';

/** A key slot as people see it; `id` names it to `removeKey`. */
export type KeySlotInfo = {
  readonly id: string;
  /** `unreadable`: nobody opens the repository with it. */
  readonly kind: 'scrypt' | 'provider' | 'unreadable';
  /** Empty for an unreadable one. */
  readonly label: string;
  /** Of an unreadable one: why. */
  readonly problem?: string;
};

/** The key slots of a repository. What is wrong with one is told of it. */
export async function listKeys(context: RepositoryContext, call?: Call): Promise<readonly KeySlotInfo[]> {
  context.enter('list-keys', call);
  const slots: KeySlotInfo[] = [];
  for await (const listed of context.store.list(PREFIXES.slots, undefined, call)) {
    const id = listed.key.slice(PREFIXES.slots.length);
    const slot = await readWhole(context, listed, call);
    slots.push(
      SendenseError.is(slot)
        ? { id, kind: 'unreadable', label: '', problem: slot.message }
        : { id, kind: slot.kind, label: slot.label },
    );
  }
  return slots;
}

/** Adds a slot that `source` opens, and gives its id. Data is not rewritten. */
export async function addKey(
  context: RepositoryContext,
  masterKey: Uint8Array,
  source: KeySource,
  {
    label = '',
    costLog2 = SCRYPT_COST_LOG2.default,
  }: { readonly label?: string; readonly costLog2?: number } = {},
  call?: Call,
): Promise<string> {
  context.enter('add-key', call);
  const { store, keys, configuration, random } = context;
  const id = newObjectId(random);
  const object = `${PREFIXES.slots}${id}`;
  const place = { repositoryId: configuration.id, object };
  const slot = await serializeKeySlot(masterKey, keys, source, { label, costLog2 }, place);
  await store.put(object, slot, undefined, call);
  return id;
}

/**
 * Removes a slot, also a damaged one. Rejects with `NOT_FOUND`, with `CONFLICT` when no other slot was written with the keys of
 * the repository: nobody could open it; `LOCKED` while another process removes or prunes.
 */
export async function removeKey(context: RepositoryContext, id: string, call?: Call): Promise<void> {
  context.enter('remove-key', call);
  await using lock = await takePruneLock(context, call);
  const object = `${PREFIXES.slots}${id}`;
  let isThere = false;
  let others = 0;
  for await (const listed of context.store.list(PREFIXES.slots, undefined, call)) {
    if (listed.key === object) isThere = true;
    else if (!SendenseError.is(await readWhole(context, listed, call))) others += 1;
  }
  if (!isThere)
    throw new SendenseError('NOT_FOUND', `there is no key slot ${id}`, {
      operation: 'remove-key',
      remedy: 'list the key slots',
    });
  if (others === 0)
    throw new SendenseError('CONFLICT', 'this is the last whole key slot: nobody could open the repository', {
      operation: 'remove-key',
      remedy: 'add another key first',
    });
  const forget = await lock.confirm(call);
  try {
    await context.store.delete(object, call);
  } finally {
    await forget(call);
  }
}

/** A slot as a holder of the master key wrote it; else what is wrong with it. */
async function readWhole(
  { store, keys }: RepositoryContext,
  listed: Sized,
  call?: Call,
): Promise<KeySlot | SendenseError> {
  try {
    const claimed = parseClaimed(await getListed(store, listed, MAX_PROVEN_BYTES, call), listed.key);
    const slot = parseKeySlot(claimed, listed.key);
    return isProven(claimed, keys.proof) ? slot : damagedObject(listed.key, 'was changed');
  } catch (error) {
    if (SendenseError.is(error, 'CORRUPT') || SendenseError.is(error, 'FORMAT_UNSUPPORTED')) return error;
    throw error;
  }
}
