import { join } from 'node:path';
import type { Session } from './session.ts';

/** The folder in which this installation records what it has mounted. */
export function mountsDirectory({ stateDirectory }: Session): string {
  return join(stateDirectory, 'mounts');
}
