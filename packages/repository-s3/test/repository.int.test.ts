import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { type PointDraft, type PointId, type Repository, Secret } from '@sendense/core';
import { createObjectRepository, openObjectRepository } from '@sendense/object-repository';
import { soloFence } from '@sendense/plugin-kit';
import { openS3Store } from '@sendense/repository-s3';
import { samplePoint, seededBytes } from '@sendense/testkit';
import { startS3rver } from '@sendense/tests/objects';
import { describeWithPeers } from '@sendense/tests/peers';
import { expect, it } from 'vitest';
import { attackBucket } from './attack-bucket.ts';
import { startGateway } from './fixtures.ts';

const CHUNK = 65_536;
const DISK_BYTES = 1 << 20;
const key = { passphrase: new Secret('a passphrase for tests') };

/** Writes chunk `index` of a disk with bytes of its seed, and commits the point. */
async function writePoint(
  repository: Repository,
  name: string,
  base: string | null,
  chunks: readonly number[],
): Promise<PointId> {
  const { note: _, ...sample } = samplePoint(name, [base]);
  const draft: PointDraft = { ...sample, sequence: base === null ? 1 : 2 };
  await using writer = await repository.begin(draft, soloFence);
  for (const disk of writer.disks.values()) {
    for (const index of chunks) await disk.write(index * CHUNK, seededBytes(name.length + index, CHUNK));
    await disk.flush();
  }
  return (await writer.commit([])).id;
}

async function readPoint(repository: Repository, id: PointId): Promise<Uint8Array> {
  await using point = await repository.open(id);
  const bytes = new Uint8Array(DISK_BYTES);
  await point.disks[0]?.reader.read(0, bytes);
  return bytes;
}

function expected(...written: readonly (readonly [name: string, chunks: readonly number[]])[]): Buffer {
  const disk = Buffer.alloc(DISK_BYTES);
  for (const [name, chunks] of written)
    for (const index of chunks) disk.set(seededBytes(name.length + index, CHUNK), index * CHUNK);
  return disk;
}

describeWithPeers(['versitygw'], 'an object repository in S3', () => {
  it('locks all that its points need: they restore after every object was overwritten and hidden with the key of the writer', async () => {
    await using gateway = await startGateway();
    const lock = { bucket: 'locked', prefix: 'repository', objectLock: 'compliance' } as const;
    await using repository = await createObjectRepository({
      store: await gateway.open(lock),
      key,
      retainMs: 3_600_000,
      chunkBytes: CHUNK,
      scryptCostLog2: 14,
    });
    const first = await writePoint(repository, 'one', null, [0, 3, 9]);
    const second = await writePoint(repository, 'second', 'one', [3, 12]);

    const { Versions = [] } = await gateway.client.send(new ListObjectVersionsCommand({ Bucket: 'locked' }));
    expect(Versions.length).toBeGreaterThan(8);
    expect(await attackBucket(gateway.client, 'locked')).toBe(Versions.length);
    await expect(openObjectRepository({ store: await gateway.open(lock), key })).rejects.toMatchObject({
      name: 'SendenseError',
    });

    const store = await gateway.open({ ...lock, versions: 'first' });
    await using rescued = await openObjectRepository({ store, key });
    expect(Buffer.from(await readPoint(rescued, first)).equals(expected(['one', [0, 3, 9]]))).toBe(true);
    expect(
      Buffer.from(await readPoint(rescued, second)).equals(expected(['one', [0, 3, 9]], ['second', [3, 12]])),
    ).toBe(true);
    // index objects are locked for less long than packs that newer points share: they are made again from these
    const packs = new Set(Versions.map(({ Key }) => Key).filter((name) => name?.includes('/packs/')));
    expect(await rescued.maintenance.rebuildIndex()).toEqual({ packs: packs.size, young: 0, findings: [] });
  });
});

describeWithPeers(['s3rver'], 'a repository on a server that ignores If-None-Match', () => {
  it('is refused when it is made, with the reason', async () => {
    await using server = await startS3rver('plain');
    const credentials = () =>
      Promise.resolve({ accessKeyId: 'S3RVER', secretAccessKey: new Secret('S3RVER') });
    const options = { bucket: 'plain', endpoint: server.endpoint, checksums: 'when-required' } as const;
    const store = await openS3Store(options, { credentials });
    await expect(createObjectRepository({ store, key, scryptCostLog2: 14 })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    });
  });
});
