import { resolve } from 'node:path';
import { type MachineKey, machineKey, machineKeyOf, type RecoveryPoint } from '@sendense/core';
import { parsePlaceName } from '@sendense/quickstart';
import { pointsOfMachine, readPoints } from './find-points.ts';
import type { OpenRepository } from './open-repository.ts';
import { openSource } from './open-source.ts';
import type { Session } from './session.ts';

/**
 * The points of the machine that `--machine` names: a name of the configuration, as `backup start` takes it, else the
 * name or key that the repository knows. All points without a name. Throws like {@link pointsOfMachine}.
 */
export async function machinePoints(
  session: Session,
  { repository }: OpenRepository,
  machine: string | undefined,
): Promise<RecoveryPoint[]> {
  const points = await readPoints(repository, session.call);
  const key = machine === undefined ? undefined : await configuredKey(session, machine);
  const found = key === undefined ? [] : points.filter((point) => point.machine === key);
  return found.length > 0 ? found : pointsOfMachine(points, machine);
}

/** The key of the machine that the configuration has under `name`; `undefined` where it cannot be told. */
async function configuredKey(session: Session, name: string): Promise<MachineKey | undefined> {
  const settings = Object.hasOwn(session.config.sources, name) ? session.config.sources[name] : undefined;
  if (settings === undefined) return undefined;
  if (settings.machineId !== undefined) return machineKey(settings.machineId);
  try {
    return (await openSource(session, name, {}, name)).machineKey;
  } catch {
    return keyOfLostImage(session, settings.at);
  }
}

/** Backups are looked for most when the disk is gone: an image's identity is its path, which was its real one mostly. */
function keyOfLostImage({ host }: Session, at: string): MachineKey | undefined {
  const { kind, rest } = parsePlaceName('source', at);
  if (kind !== 'image') return undefined;
  return machineKeyOf({ connection: 'image', id: resolve(host.workingDirectory, rest) });
}
