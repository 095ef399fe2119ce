import {
  type Call,
  type PointId,
  pointId,
  type RecoveryPoint,
  type Repository,
  SendenseError,
} from '@sendense/core';

function unknownMachine(name: string, points: readonly RecoveryPoint[]): SendenseError {
  const names = [...new Set(points.map((point) => point.spec.name))];
  return new SendenseError('NOT_FOUND', `the repository holds no machine ${JSON.stringify(name)}`, {
    operation: 'find-machine',
    remedy:
      names.length === 0
        ? 'the repository is empty: back a machine up first, with "sendense-ctl backup start"'
        : `name one of: ${names.join(', ')}`,
  });
}

/** Committed points, oldest first. */
export async function readPoints(repository: Repository, call: Call): Promise<RecoveryPoint[]> {
  const points: RecoveryPoint[] = [];
  for await (const point of repository.points(undefined, call)) points.push(point);
  return points;
}

/**
 * The points of the machine with this name or key; all of them without one. Throws `NOT_FOUND` for an unknown machine,
 * `CONFIG_INVALID` for a name that several machines bear.
 */
export function pointsOfMachine(
  points: readonly RecoveryPoint[],
  machine: string | undefined,
): RecoveryPoint[] {
  if (machine === undefined) return [...points];
  const key = machine.toLowerCase();
  const byKey = points.filter((point) => point.machine === key);
  const found = byKey.length > 0 ? byKey : points.filter((point) => point.spec.name === machine);
  if (found.length === 0) throw unknownMachine(machine, points);
  const keys = new Set(found.map((point) => point.machine));
  if (keys.size === 1) return found;
  throw new SendenseError('CONFIG_INVALID', `${keys.size} machines are named ${JSON.stringify(machine)}`, {
    operation: 'find-machine',
    remedy: `name one by its key: ${[...keys].join(', ')}`,
  });
}

/** The point with this id. Throws `NOT_FOUND`. */
export function findPoint(points: readonly RecoveryPoint[], id: string): RecoveryPoint {
  const wanted: PointId = pointId(id);
  const point = points.find((candidate) => candidate.id === wanted);
  if (point !== undefined) return point;
  throw new SendenseError('NOT_FOUND', `the repository holds no recovery point ${id}`, {
    operation: 'find-point',
    remedy: 'list the points with "sendense-ctl backup list"',
    context: { pointId: id },
  });
}
