import { type Call, type Random, repositoryId, SendenseError } from '@sendense/core';
import { newObjectId } from './context.ts';
import { serializeKeySlot } from './keys/key-slot.ts';
import type { KeySource } from './keys/key-source.ts';
import { serializeProven } from './keys/proven-json.ts';
import { deriveKeys, KEY_BYTES } from './keys/repository-keys.ts';
import { CONFIGURATION_KEY, PREFIXES } from './layout/object-keys.ts';
import type { CreateSettings } from './options.ts';
import { newConfiguration } from './records/configuration.ts';
import { checkRetention } from './store/check-retention.ts';
import type { ObjectStore } from './store/object-store.ts';

/** What a new repository is made of. */
export type NewRepository = {
  readonly store: ObjectStore;
  readonly key: KeySource;
  readonly settings: CreateSettings;
  readonly random: Random;
  readonly now: Date;
};

/**
 * Makes a repository in a store: a key slot, then the configuration, created by one of several at a time. Rejects with
 * `ALREADY_EXISTS` when there is one, `UNSUPPORTED` when the store replaces objects that it must only create, or cannot lock them.
 */
export async function createStore(
  { store, key, settings, random, now }: NewRepository,
  call?: Call,
): Promise<void> {
  if (settings.retainMs !== undefined) checkRetention(store);
  if ((await store.head(CONFIGURATION_KEY, call)) !== undefined) throw isThere(store);
  await checkCreateOnly(store, random, call);
  const { chunkBytes, graceMs, retainMs, scryptCostLog2: costLog2 } = settings;
  const id = repositoryId(random.uuid());
  const masterKey = random.bytes(KEY_BYTES);
  const keys = deriveKeys(masterKey, id);
  const object = `${PREFIXES.slots}${newObjectId(random)}`;
  const newSlot = { label: 'first', costLog2 };
  const slot = await serializeKeySlot(masterKey, keys, key, newSlot, { repositoryId: id, object });
  await store.put(object, slot, undefined, call);
  const locks = retainMs === undefined ? {} : { retainMs };
  const fields = { id, createdAt: now.toISOString(), chunkBytes, graceMs, ...locks };
  const bytes = serializeProven(newConfiguration(fields), keys.proof);
  await store.put(CONFIGURATION_KEY, bytes, undefined, call).catch((error: unknown) => {
    throw SendenseError.is(error, 'ALREADY_EXISTS') ? isThere(store) : error;
  });
}

/** A store that ignores conditional writes would let two backups overwrite each other: it is found out and refused. */
async function checkCreateOnly(store: ObjectStore, random: Random, call?: Call): Promise<void> {
  const key = `${PREFIXES.probes}${newObjectId(random)}`;
  const [first, second] = [random.bytes(32), random.bytes(32)];
  await store.put(key, first, undefined, call);
  const again = await store.put(key, second, undefined, call).catch((error: unknown) => {
    if (SendenseError.is(error, 'ALREADY_EXISTS')) return undefined;
    throw error;
  });
  const stored = await store.get(key, undefined, call);
  await store.delete(key, call).catch((error: unknown) => {
    if (!SendenseError.is(error)) throw error; // a writer may not delete; a probe is 32 bytes
  });
  if (again === undefined && Buffer.compare(stored, first) === 0) return;
  throw new SendenseError(
    'UNSUPPORTED',
    `${store.location} replaces objects although it was told to create them only`,
    {
      operation: 'create-repository',
      remedy:
        'use a store that honours conditional writes (If-None-Match: *): without them two backups overwrite each other',
      context: { location: store.location },
    },
  );
}

function isThere({ location }: ObjectStore): SendenseError {
  return new SendenseError('ALREADY_EXISTS', `${location} is a repository already`, {
    operation: 'create-repository',
    remedy: 'open it, or choose another place',
    context: { location },
  });
}
