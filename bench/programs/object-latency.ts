/**
 * Reads an object repository in a folder as if each request took a time. Arguments: folder, milliseconds of a request, then
 * `restore STATE-FOLDER TARGET`, or `reads COUNT OUTSTANDING`: random reads of 64 KiB to 1 MiB, of which that many wait at
 * once; prints the seconds that they took. The passphrase is in `SENDENSE_PASSPHRASE`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type BlockReader, Secret } from '@sendense/core';
import {
  createDirectoryStore,
  type ObjectRepository,
  openObjectRepository,
} from '@sendense/object-repository';
import { readNativeMode } from '@sendense/plugin-kit';
import { createBlockDrivers, openSendense, resolveTarget } from '@sendense/quickstart';
import { seededInteger, seededRandom } from '@sendense/testkit';
import { onlyPoint } from './only-point.ts';
import { slowStore } from './slow-store.ts';

const READ_BYTES = { least: 64 * 1024, most: 1024 * 1024 };
const SEED = 1;

const [folder = '', delayMs = '', verb = '', ...rest] = process.argv.slice(2);
const drivers = createBlockDrivers(readNativeMode());

function openStore() {
  const store = createDirectoryStore({ path: folder });
  const milliseconds = Number(delayMs);
  return milliseconds === 0 ? store : slowStore(store, () => sleep(milliseconds));
}

async function restore(repository: ObjectRepository, stateDirectory = '', to = ''): Promise<void> {
  await using sendense = await openSendense({ stateDirectory });
  const { target } = await resolveTarget(to, { format: 'raw' }, { drivers });
  await using _ = target;
  await sendense.engine.restore({ repository, point: await onlyPoint(repository), target });
}

/** Seconds that `count` reads take when `outstanding` of them wait at once; they are the same for any number. */
async function timeReads(reader: BlockReader, count: number, outstanding: number): Promise<number> {
  const random = seededRandom(SEED);
  const reads = Array.from({ length: count }, () => {
    const length = READ_BYTES.least + seededInteger(random, READ_BYTES.most - READ_BYTES.least + 1);
    return { length, offset: seededInteger(random, reader.sizeBytes - length + 1) };
  });
  const left = reads.values();
  const begun = performance.now();
  const readInTurn = async () => {
    const into = new Uint8Array(READ_BYTES.most);
    for (const { offset, length } of left) await reader.read(offset, into.subarray(0, length));
  };
  await Promise.all(Array.from({ length: outstanding }, readInTurn));
  return (performance.now() - begun) / 1000;
}

await using repository = await openObjectRepository(
  { store: openStore(), key: { passphrase: new Secret(process.env.SENDENSE_PASSPHRASE ?? '') } },
  { drivers },
);
if (verb === 'restore') await restore(repository, ...rest);
else {
  await using point = await repository.open(await onlyPoint(repository));
  const [disk] = point.disks;
  if (disk === undefined) throw new Error('the point has no disk');
  const [count = 0, outstanding = 1] = rest.map(Number);
  console.log(JSON.stringify({ seconds: await timeReads(disk.reader, count, outstanding) }));
}
