const KEY = Symbol.for('@sendense/repository-local/live-sessions/1');

/** Names of the sessions open in this thread, shared by all copies of this package. */
export function liveSessions(): Set<string> {
  const holder = globalThis as { [KEY]?: Set<string> };
  holder[KEY] ??= new Set();
  return holder[KEY];
}
