import { repositoryId } from '@sendense/core';
import { expect, it } from 'vitest';
import { pointAt, repositoryOf } from '../../test/sample-points.ts';
import { openCatalog } from '../catalog.ts';

it('remembers where a repository is, its sizes and whether it is enabled', async () => {
  await using catalog = await openCatalog({ path: ':memory:' });
  const id = repositoryId('repo-1');
  await catalog.repositories.register(
    { id, kind: 'local' },
    { location: '/backups', config: { path: '/backups' } },
  );
  const usage = { points: 1, machines: 1, storedBytes: 5, logicalBytes: 9 };
  await catalog.repositories.recordUsage(id, { ...usage, totalBytes: 100, availableBytes: null });
  await catalog.repositories.setEnabled(id, false);
  expect(await catalog.repositories.get(id)).toEqual({
    id,
    kind: 'local',
    location: '/backups',
    config: { path: '/backups' },
    enabled: false,
    totalBytes: 100,
    availableBytes: null,
    storedBytes: 5,
  });
  expect(await catalog.repositories.get(repositoryId('other'))).toBeUndefined();
});

it('keeps what it knows of a repository when its points are read back', async () => {
  await using catalog = await openCatalog({ path: ':memory:' });
  const repository = repositoryOf([pointAt('p1', 0, [null])]);
  await catalog.repositories.register(repository, { location: '/backups' });
  await catalog.points.rebuild([repository]);
  expect((await catalog.repositories.list()).map(({ location }) => location)).toEqual(['/backups']);
});
