import type { ProcessIdentity } from './process-identity.ts';

const NAME = /^([0-9a-f]{12})-(\d{1,10})-(\d{1,20})-(\d{1,10})-([0-9a-f]{12})$/;
const DEAD = '.dead';

/** The parts of a session's folder name. */
export type SessionName = ProcessIdentity & { readonly suffix: string };

/** The name of a session's folder; `suffix` (12 hex digits) is never used again. */
export function formatSessionName({ host, pid, start, thread, suffix }: SessionName): string {
  return [host, pid, start, thread, suffix].join('-');
}

/** The parts of a name, or `undefined` when it is not ours. */
export function parseSessionName(name: string): SessionName | undefined {
  const [, host = '', pid, start = '', thread, suffix = ''] = NAME.exec(name) ?? [];
  return pid === undefined ? undefined : { host, pid: Number(pid), start, thread: Number(thread), suffix };
}

/** The name of a fenced session's folder. */
export function fencedName(name: string): string {
  return `${name}${DEAD}`;
}

/** Whether a name is that of a fenced session. */
export function isFencedName(name: string): boolean {
  return name.endsWith(DEAD) && parseSessionName(name.slice(0, -DEAD.length)) !== undefined;
}

/** The session that took a lock or wrote a hold: the part of its token before the last full stop. */
export function sessionOfToken(token: string): string {
  return token.slice(0, token.lastIndexOf('.'));
}
