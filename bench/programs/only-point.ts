import type { PointId, Repository } from '@sendense/core';

/** The one point of a repository. Rejects when there are more or none. */
export async function onlyPoint(repository: Repository): Promise<PointId> {
  const ids: PointId[] = [];
  for await (const { id } of repository.points()) ids.push(id);
  const [id, ...others] = ids;
  if (id === undefined || others.length > 0) throw new Error('the repository does not hold one point');
  return id;
}
