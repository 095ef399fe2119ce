import { parseRepositoryPlace, repositoryLocation } from '@sendense/quickstart';
import type { Config } from '../config/config-schema.ts';
import type { Session } from './session.ts';

type Entry = Config['repositories'][string];

/** What the configuration says of the repository at `location`, by whatever name it was called. */
export function configuredSetting<Name extends keyof Entry>(
  { config, host }: Session,
  location: string,
  name: Name,
): Entry[Name] | undefined {
  const locationOf = (at: string) => repositoryLocation(parseRepositoryPlace(at, host.workingDirectory));
  return Object.values(config.repositories).find(
    (entry) => entry[name] !== undefined && locationOf(entry.at) === location,
  )?.[name];
}
