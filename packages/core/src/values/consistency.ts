/** What was obtained, weakest last: application quiesced, filesystem frozen, or as after pulling the plug. */
export type Consistency = 'application' | 'filesystem' | 'crash';

const STRENGTH: Readonly<Record<Consistency, number>> = { application: 2, filesystem: 1, crash: 0 };

/** Whether `obtained` is at least as strong as `required`. */
export function consistencySatisfies(obtained: Consistency, required: Consistency): boolean {
  return STRENGTH[obtained] >= STRENGTH[required];
}
