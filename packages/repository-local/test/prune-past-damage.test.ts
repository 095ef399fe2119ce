import { type MachineKey, machineKey, pointId } from '@sendense/core';
import { collect, createMemoryFileSystem, createTestFence } from '@sendense/testkit';
import { expect, test } from 'vitest';
import { createLocalRepository, type LocalRepository } from '../src/repository-local.ts';
import { CLUSTER, draftOf } from './model-machine.ts';

const DAMAGED = machineKey('00000000-0000-5000-8000-000000000001');
const SOUND = machineKey('00000000-0000-5000-8000-000000000002');

/** A full and an increment of one cluster each. */
async function backUpTwice(repository: LocalRepository, machine: MachineKey, name: string): Promise<void> {
  const content = new Uint8Array(2 * CLUSTER).fill(7);
  for (const sequence of [1, 2]) {
    const base = sequence === 1 ? {} : { base: { id: pointId(`${name}1`), content } };
    const draft = draftOf({ sequence, content, id: `${name}${sequence}`, stream: name, ...base });
    await using writer = await repository.begin({ ...draft, machine }, createTestFence());
    for (const disk of writer.disks.values()) {
      const offset = (sequence - 1) * CLUSTER;
      await disk.write(offset, content.subarray(offset, Math.min(offset + CLUSTER, disk.sizeBytes)));
      await disk.flush();
    }
    await writer.commit([]);
  }
}

test('prune goes on past a machine whose data is damaged, and tells of it', async () => {
  const fileSystem = createMemoryFileSystem();
  await using repository = await createLocalRepository({ path: '/repository' }, { fileSystem });
  await backUpTwice(repository, DAMAGED, 'damaged');
  await backUpTwice(repository, SOUND, 'sound');
  const [full] = (await collect(repository.points({ machine: DAMAGED }))).flatMap(({ disks }) => disks);
  await using file = await fileSystem.open(full?.path ?? '', 'read-write');
  const bytes = new Uint8Array(await file.size());
  await file.read(bytes, 0);
  await file.write(
    bytes.map((byte) => (byte === 7 ? 8 : byte)),
    0,
  );

  await expect(repository.maintenance.prune({ last: 1 })).rejects.toMatchObject({ code: 'CORRUPT' });
  const left = (await collect(repository.points())).map(({ id }) => id);
  expect(left).toEqual(['damaged1', 'damaged2', 'sound2']);
});
