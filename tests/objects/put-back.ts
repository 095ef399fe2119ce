import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PointDraft, type PointId, type Repository, Secret } from '@sendense/core';
import {
  createObjectRepository,
  createTrustedHeadFolder,
  type ObjectStore,
  openObjectRepository,
} from '@sendense/object-repository';
import { soloFence } from '@sendense/plugin-kit';
import { collect, samplePoint, seededBytes } from '@sendense/testkit';
import { expect } from 'vitest';

const CHUNK_BYTES = 65_536;
const key = { passphrase: new Secret('a passphrase for tests') };

/** An empty store on a server, and what somebody with its keys does there past our code. */
type StoreOfServer = {
  readonly open: () => Promise<ObjectStore>;
  /** Copies every object; what it gives puts all of them back as they were and removes what came since. */
  readonly copy: () => Promise<() => Promise<void>>;
};

/**
 * Fails unless a client with a trusted head refuses the store once it was put back to an earlier state, names the point that is
 * missing, and opens it while it was not, also after a point was removed by right; and unless who keeps no head opens it.
 */
export async function expectPutBackRefused({ open, copy }: StoreOfServer): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sendense-put-back-'));
  try {
    const trustedHead = createTrustedHeadFolder({ path: join(folder, 'heads') });
    const opened = async (isWithHead = true) =>
      openObjectRepository({ store: await open(), key, ...(isWithHead ? { trustedHead } : {}) });
    const settings = { chunkBytes: CHUNK_BYTES, scryptCostLog2: 14 };
    await (await createObjectRepository({ store: await open(), key, ...settings }))[Symbol.asyncDispose]();
    const first = await within(opened(), (repository) => writePoint(repository, 'first', 1));
    const putBack = await copy();
    const second = await within(opened(), (repository) => writePoint(repository, 'second', 2));
    const third = await within(opened(), (repository) => writePoint(repository, 'third', 3));
    await within(opened(false), ({ maintenance }) => maintenance.delete(third));
    expect(await within(opened(), pointsOf)).toEqual([first, second]);
    const fourth = await within(opened(), (repository) => writePoint(repository, 'fourth', 4));
    expect(await within(opened(), pointsOf)).toEqual([first, second, fourth]);

    await putBack();
    await expect(opened()).rejects.toMatchObject({
      code: 'CORRUPT',
      message: expect.stringContaining(fourth) as string,
    });
    expect(await within(opened(false), pointsOf)).toEqual([first]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function within<R extends AsyncDisposable, T>(
  opening: Promise<R>,
  use: (of: R) => Promise<T>,
): Promise<T> {
  await using opened = await opening;
  return await use(opened);
}

async function pointsOf(repository: Repository): Promise<readonly PointId[]> {
  return (await collect(repository.points())).map(({ id }) => id);
}

/** Makes a full of one chunk, at the place that the sequence tells. */
async function writePoint(repository: Repository, name: string, sequence: number): Promise<PointId> {
  const { note: _, ...sample } = samplePoint(name, [null]);
  const draft: PointDraft = { ...sample, sequence };
  await using writer = await repository.begin(draft, soloFence);
  for (const disk of writer.disks.values()) {
    await disk.write(sequence * CHUNK_BYTES, seededBytes(sequence, CHUNK_BYTES));
    await disk.flush();
  }
  return (await writer.commit([])).id;
}
