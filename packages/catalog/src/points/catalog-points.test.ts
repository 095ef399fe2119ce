import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { repositoryId } from '@sendense/core';
import { expect, it } from 'vitest';
import { pointAt, repositoryOf, sampleMachine } from '../../test/sample-points.ts';
import { openCatalog } from '../catalog.ts';

const TABLES = ['machines', 'points', 'point_disks', 'chains'];

function dump(path: string): string {
  using file = new DatabaseSync(path, { readOnly: true });
  return JSON.stringify(
    TABLES.map((table) => file.prepare(`select * from ${table} order by 1, 2, 3, 4`).all()),
  );
}

it('is the same after it was dropped and rebuilt', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sendense-catalog-'));
  const path = join(folder, 'catalog.sqlite');
  const points = [
    pointAt('a1', 0, [null, null]),
    pointAt('b1', 1, [null], 2),
    pointAt('a2', 2, ['a1', 'a1']),
    pointAt('held', 3, ['a2', null]),
  ];
  const other = repositoryOf([pointAt('a1', 0, [null])], repositoryId('repo-2'));
  const grown: typeof points = [];
  const repository = repositoryOf(grown);
  const live = await openCatalog({ path });
  for (const point of points) {
    grown.push(point);
    await live.points.sync(repository, point.machine);
  }
  await live.points.sync(other, sampleMachine(1));
  await live[Symbol.asyncDispose]();
  const before = dump(path);
  expect(before).toContain('held');

  await rm(path);
  const anew = await openCatalog({ path });
  expect(await anew.points.rebuild([repository, other])).toEqual({ points: 5, machines: 3 });
  await anew[Symbol.asyncDispose]();
  expect(dump(path)).toBe(before);
  await rm(folder, { recursive: true });
});

it('groups the disks of points into chains that start at a full', async () => {
  await using catalog = await openCatalog({ path: ':memory:' });
  const list = [
    pointAt('p1', 0, [null, null]),
    pointAt('p2', 1, ['p1', 'p1']),
    pointAt('p3', 2, ['p2', null]),
    pointAt('p4', 3, ['p3', 'p3']),
  ];
  await catalog.points.rebuild([repositoryOf(list)]);
  const chains = await catalog.points.chains('repo-1');
  expect(chains.map((chain) => [chain.disk_number, chain.full_point_id, chain.points])).toEqual([
    [0, 'p1', 4],
    [1, 'p1', 2],
    [1, 'p3', 2],
  ]);
  expect(chains[0]?.stored_bytes).toBe(100 + 101 + 102 + 103);
});

it('forgets points that are gone, and a machine with its last point', async () => {
  await using catalog = await openCatalog({ path: ':memory:' });
  const list = [pointAt('p1', 0, [null]), pointAt('p2', 1, ['p1']), pointAt('q1', 2, [null], 2)];
  const repository = repositoryOf(list);
  await catalog.points.rebuild([repository]);
  list.splice(0, 2);
  await catalog.points.sync(repository, sampleMachine(1));
  expect((await catalog.points.list('repo-1')).map(({ id }) => id)).toEqual(['q1']);
  expect((await catalog.points.chains('repo-1')).map(({ machine_key }) => machine_key)).toEqual([
    sampleMachine(2),
  ]);
});

it('ends at the base that is missing, and at a record that names itself', async () => {
  await using catalog = await openCatalog({ path: ':memory:' });
  const list = [pointAt('orphan', 0, ['gone']), pointAt('self', 1, ['self'])];
  await catalog.points.rebuild([repositoryOf(list)]);
  expect((await catalog.points.chains('repo-1')).map((chain) => chain.full_point_id)).toEqual([
    'gone',
    'self',
  ]);
});

it('keeps the old rows when reading a repository back fails half-way', async () => {
  await using catalog = await openCatalog({ path: ':memory:' });
  const point = pointAt('p1', 0, [null]);
  await catalog.points.rebuild([repositoryOf([point])]);
  // the same id twice breaks the primary key in the middle of the rewrite
  const broken = repositoryOf([pointAt('p2', 1, [null]), point, point]);
  await expect(catalog.points.rebuild([broken])).rejects.toMatchObject({ code: 'UNEXPECTED' });
  expect((await catalog.points.list('repo-1')).map(({ id }) => id)).toEqual(['p1']);
});
