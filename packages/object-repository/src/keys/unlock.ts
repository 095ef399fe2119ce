import { type Call, SendenseError } from '@sendense/core';
import { CONFIGURATION_KEY, PREFIXES } from '../layout/object-keys.ts';
import { type Configuration, parseConfiguration } from '../records/configuration.ts';
import { getListed } from '../store/get-listed.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { openKeySlot, parseKeySlot } from './key-slot.ts';
import type { KeySource } from './key-source.ts';
import { damagedObject, isProven, MAX_PROVEN_BYTES, parseClaimed } from './proven-json.ts';
import { deriveKeys, KEY_BYTES, type RepositoryKeys } from './repository-keys.ts';

/** More slots than this are not tried. */
const MOST_SLOTS = 64;

/** What an opened repository is. */
export type Unlocked = {
  readonly configuration: Configuration;
  readonly masterKey: Uint8Array;
  readonly keys: RepositoryKeys;
  /** The time of the configuration by the store's clock. */
  readonly configuredAt: Date;
};

/**
 * Opens the keys of a repository. Rejects with `NOT_FOUND` where there is none, `FORMAT_UNSUPPORTED` for a newer one,
 * `KEY_UNAVAILABLE` when no slot opens with `source`, `CORRUPT` when what is there is not what was written.
 */
export async function unlock(store: ObjectStore, source: KeySource, call?: Call): Promise<Unlocked> {
  const { modifiedAt: configuredAt, bytes } = await getConfiguration(store, call);
  const claimed = parseClaimed(bytes, CONFIGURATION_KEY);
  const configuration = parseConfiguration(claimed);
  const damaged: SendenseError[] = [];
  let slots = 0;
  for await (const listed of store.list(PREFIXES.slots, undefined, call)) {
    const object = listed.key;
    if (++slots > MOST_SLOTS) break;
    try {
      const place = { repositoryId: configuration.id, object };
      const slot = parseClaimed(await getListed(store, listed, MAX_PROVEN_BYTES, call), object);
      const masterKey = await openKeySlot(parseKeySlot(slot, object), source, place);
      if (masterKey?.byteLength !== KEY_BYTES) continue;
      const keys = deriveKeys(masterKey, configuration.id);
      if (!isProven(slot, keys.proof)) throw damagedObject(object, 'was changed');
      if (!isProven(claimed, keys.proof)) throw damagedObject(CONFIGURATION_KEY, 'was changed');
      return { configuration, masterKey, keys, configuredAt };
    } catch (error) {
      if (!SendenseError.is(error, 'CORRUPT')) throw error;
      damaged.push(error);
    }
  }
  throw damaged[0] ?? noKey(store, slots);
}

async function getConfiguration(store: ObjectStore, call?: Call) {
  const status = await store.head(CONFIGURATION_KEY, call);
  if (status === undefined) throw notARepository(store);
  const { sizeBytes, modifiedAt } = status;
  try {
    const listed = { key: CONFIGURATION_KEY, sizeBytes };
    return { modifiedAt, bytes: await getListed(store, listed, MAX_PROVEN_BYTES, call) };
  } catch (error) {
    throw SendenseError.is(error, 'NOT_FOUND') ? notARepository(store, error) : error;
  }
}

function notARepository({ location }: ObjectStore, cause?: unknown): SendenseError {
  return new SendenseError('NOT_FOUND', `${location} is not a Sendense object repository`, {
    operation: 'open-repository',
    remedy: 'check the place, or make a repository there with "repository init"',
    context: { location },
    cause,
  });
}

function noKey({ location }: ObjectStore, slots: number): SendenseError {
  if (slots === 0) {
    return new SendenseError('KEY_UNAVAILABLE', `${location} lists no key slot`, {
      operation: 'open-repository',
      remedy:
        'run "sendense-ctl repository validate" on the store: where its listings are late, repeat later; where the key slots were deleted, a copy of the repository can give one back',
      context: { location, slots },
    });
  }
  return new SendenseError(
    'KEY_UNAVAILABLE',
    `none of the ${slots} key slots of ${location} opens with this key`,
    {
      operation: 'open-repository',
      remedy: 'check the passphrase, or give the key provider that a slot names',
      context: { location, slots },
    },
  );
}
