import { join } from 'node:path';
import { SendenseError } from '@sendense/core';
import { parseRepositoryPlace, repositoryLocation } from '@sendense/quickstart';
import { configuredSetting } from './configured-repository.ts';
import type { Session } from './session.ts';

/**
 * Where this installation remembers what it saw of a repository, when the configuration asks for it with `trustedHead`. Throws
 * `CONFIG_INVALID` for a repository of chains, which has no such thing.
 */
export function trustedHeadOf(session: Session, text: string): { readonly trustedHeadFolder?: string } {
  const place = parseRepositoryPlace(text, session.host.workingDirectory);
  if (configuredSetting(session, repositoryLocation(place), 'trustedHead') !== true) return {};
  if (place.kind !== 'local') return { trustedHeadFolder: join(session.stateDirectory, 'trusted-heads') };
  throw new SendenseError(
    'CONFIG_INVALID',
    `${place.path} is a repository of chains: it has no trusted head`,
    {
      operation: 'open-repository',
      remedy: `for a repository of objects name it dir:${place.path}; for this one take "trustedHead" out of the configuration`,
      context: { path: place.path },
    },
  );
}
