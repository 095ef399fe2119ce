/**
 * Opens the one point of an object repository in a folder as if each request took a time, and lists a folder of its disk.
 * Arguments: folder of the repository, milliseconds of a request, folder to list. Prints the seconds until the point is ready to
 * be browsed, those of the first listing, and the requests and bytes that both took. The passphrase is in `SENDENSE_PASSPHRASE`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Secret } from '@sendense/core';
import { createFileRestore } from '@sendense/file-restore';
import { createDirectoryStore, type ObjectStore, openObjectRepository } from '@sendense/object-repository';
import { readNativeMode } from '@sendense/plugin-kit';
import { createBlockDrivers } from '@sendense/quickstart';
import { onlyPoint } from './only-point.ts';
import { slowStore } from './slow-store.ts';

const [folder = '', delayMs = '', listed = ''] = process.argv.slice(2);
const taken = { requests: 0, bytes: 0 };

async function delay(): Promise<void> {
  taken.requests += 1;
  await sleep(Number(delayMs));
}

function countBytes(store: ObjectStore): ObjectStore {
  return {
    ...store,
    get: async (...given) => {
      const bytes = await store.get(...given);
      taken.bytes += bytes.byteLength;
      return bytes;
    },
  };
}

function secondsSince(begun: number): number {
  return (performance.now() - begun) / 1000;
}

const begun = performance.now();
await using repository = await openObjectRepository(
  {
    store: countBytes(slowStore(createDirectoryStore({ path: folder }), delay)),
    key: { passphrase: new Secret(process.env.SENDENSE_PASSPHRASE ?? '') },
  },
  { drivers: createBlockDrivers(readNativeMode()) },
);
await using files = await createFileRestore();
const session = await files.open(repository, await onlyPoint(repository));
const ready = secondsSince(begun);
const asked = performance.now();
const { entries } = await session.list(listed);
console.log(JSON.stringify({ ready, listing: secondsSince(asked), entries: entries.length, ...taken }));
