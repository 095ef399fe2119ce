import { join } from 'node:path';
import type { Session } from './session.ts';

/** The state folder of this installation's server. */
export function serverDirectory(session: Session): string {
  return join(session.stateDirectory, 'server');
}
