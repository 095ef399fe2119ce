import { type Call, SendenseError } from '@sendense/core';
import type { TenantScope } from '../access/tenant-scope.ts';
import type { FoundPoint, Places } from './places.ts';

/**
 * Those of `found` that are of the machine `wanted`: its name or key as it was backed up, else a name of the configuration. None
 * where there is no backup of it; throws `NOT_FOUND` for a name that nothing has.
 */
export async function pointsOfMachine(
  places: Places,
  scope: TenantScope,
  found: readonly FoundPoint[],
  wanted: string,
  call: Call,
): Promise<FoundPoint[]> {
  const named = found.filter(({ point }) => point.spec.name === wanted || point.machine === wanted);
  if (named.length > 0) return refuseSeveral(named, wanted);
  await using machine = await places.machine(scope, wanted, call);
  return found.filter(({ point }) => point.machine === machine.machineKey);
}

/** Two machines may bear one name. */
function refuseSeveral(named: FoundPoint[], wanted: string): FoundPoint[] {
  const keys = new Set(named.map(({ point }) => point.machine));
  if (keys.size === 1) return named;
  throw new SendenseError('CONFLICT', `${keys.size} machines are named ${JSON.stringify(wanted)}`, {
    operation: 'find-machine',
    remedy: `name one by its key: ${[...keys].join(', ')}`,
  });
}
