import type { SendenseClient } from '@sendense/client';
import type { ProgressView } from '../../output/progress-events.ts';
import type { Session } from '../../session/session.ts';

/** What work at a server is done with. */
export type Desk = {
  readonly session: Session;
  readonly client: SendenseClient;
  readonly progress: ProgressView;
};
