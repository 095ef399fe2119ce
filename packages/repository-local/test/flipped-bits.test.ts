import assert from 'node:assert/strict';
import { pointId } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { collect, createMemoryFileSystem, seededInteger, seededRandom } from '@sendense/testkit';
import { testScale, testSeed } from '@sendense/tests/scale';
import { beforeAll, describe, it } from 'vitest';
import { createLocalRepository, type LocalRepository, openLocalRepository } from '../src/repository-local.ts';
import { backUp, CLUSTER, type Contents, changed, expectContents, MACHINE } from './model-machine.ts';

const path = '/repository';
const fileSystem = createMemoryFileSystem();
const contents = new Map<string, Uint8Array>();
let repository: LocalRepository;

/** Kinds of files, and how their names are told. */
const KINDS = {
  'repository record': /sendense-repository\.json$/,
  'machine record': /machine\.json$/,
  'point record': /points\/.*\.json$/,
  sidecar: /disk-0\/.*\.json$/,
  'digest file': /\.digests$/,
  artifact: /\.bin$/,
  'data file': /\.qcow2$/,
} as const;

/** A full, an increment that became a full, and one that goes on building on the increment's name. */
beforeAll(async () => {
  repository = await createLocalRepository({ path }, { fileSystem });
  const first = changed(new Uint8Array(3 * CLUSTER + 512), [
    { at: 0, seed: 1 },
    { at: 2, seed: 2 },
  ]);
  const second = changed(first, [{ at: 1, seed: 3 }]);
  const third = changed(second, [
    { at: 0, seed: 0 },
    { at: 3, seed: 4 },
  ]);
  await backUp(repository, { sequence: 1, content: first });
  await backUp(repository, { sequence: 2, content: second, base: { id: pointId('p1'), content: first } });
  await backUp(repository, { sequence: 3, content: third, base: { id: pointId('p2'), content: second } });
  await repository.maintenance.consolidate({ kind: 'synthetic-full', point: pointId('p2') });
  for (const [id, content] of Object.entries({ p1: first, p2: second, p3: third })) contents.set(id, content);
  await expectContents(repository, contents);
});

describe('verify', () => {
  it.each(Object.entries(KINDS))(
    'finds any flipped bit of a %s, or it was harmless',
    async (kind, names) => {
      const files = (await filesBelow(`${path}/${MACHINE}`)).concat(`${path}/sendense-repository.json`);
      const chosen = files.filter((file) => names.test(file));
      assert.ok(chosen.length > 0);
      const random = seededRandom(testSeed());
      const flips = 300 * testScale();
      let found = 0;
      for (let flip = 0; flip < flips; flip += 1) {
        const file = chosen[seededInteger(random, chosen.length)] ?? assert.fail();
        const { position, bit } = await place(file, random);
        await flipBit(file, position, bit);
        if (await isFound(file)) found += 1;
        else await expectHarmless(repository, contents, `bit ${bit} of byte ${position} of ${file}`);
        await flipBit(file, position, bit);
      }
      await expectContents(repository, contents);
      console.log(
        `flipped bits of a ${kind}: ${flips}, found ${found}, the others harmless (seed ${testSeed()})`,
      );
      assert.ok(found > 0);
    },
    120_000,
  );
});

/** Any bit; half the time one of the first clusters, where the tables of an image are. */
async function place(file: string, random: () => number) {
  const sizeBytes = (await fileSystem.stat(file))?.sizeBytes ?? 0;
  const head = seededInteger(random, 2) === 0 ? 200 : sizeBytes;
  const cluster = seededInteger(random, Math.ceil(sizeBytes / CLUSTER)) * CLUSTER;
  const position = head === 200 ? cluster + seededInteger(random, head) : seededInteger(random, sizeBytes);
  return { position: Math.min(position, sizeBytes - 1), bit: seededInteger(random, 8) };
}

async function flipBit(file: string, position: number, bit: number): Promise<void> {
  await using handle = await fileSystem.open(file, 'read-write');
  const byte = new Uint8Array(1);
  await handle.read(byte, position);
  byte[0] = (byte[0] ?? 0) ^ (1 << bit);
  await handle.write(byte, position);
}

async function isFound(file: string): Promise<boolean> {
  // A repository that cannot be opened tells of its damage too.
  if (file.endsWith('sendense-repository.json')) {
    const opened = await openLocalRepository({ path }, { fileSystem }).catch(() => undefined);
    if (opened === undefined) return true;
    await opened[Symbol.asyncDispose]();
  }
  const findings = await collect(repository.verify({ depth: 'data' }));
  return findings.some(({ severity }) => severity === 'error');
}

async function expectHarmless(from: LocalRepository, expected: Contents, what: string): Promise<void> {
  await expectContents(from, expected).catch((error: unknown) => {
    throw new Error(`${what} does harm and is not found`, { cause: error });
  });
}

async function filesBelow(folder: string, inside: FileSystem = fileSystem): Promise<string[]> {
  const files: string[] = [];
  for (const name of await inside.list(folder)) {
    const file = `${folder}/${name}`;
    if ((await inside.stat(file))?.kind === 'directory') files.push(...(await filesBelow(file)));
    else files.push(file);
  }
  return files;
}
