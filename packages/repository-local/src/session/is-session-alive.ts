import { join } from 'node:path';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { liveSessions } from './live-sessions.ts';
import { isRunning, type ProcessIdentity, processStart } from './process-identity.ts';
import { parseSessionName } from './session-name.ts';

/** The file that an open session rewrites. */
export const HEARTBEAT_FILE = 'heartbeat';

/** What it takes to judge other sessions. */
export type LivenessOptions = {
  readonly fileSystem: FileSystem;
  /** The folder of all sessions. */
  readonly folder: string;
  readonly self: ProcessIdentity;
  readonly staleAfterMs: number;
  /** The time of the storage, which may differ from that of this machine. */
  readonly storageNowMs: () => Promise<number>;
};

/**
 * Whether the session still runs: exact for processes of this host, by the age of its heartbeat for others. A wrong
 * answer costs waiting or a `FENCED` error, never data.
 */
export async function isSessionAlive(name: string, options: LivenessOptions): Promise<boolean> {
  const { fileSystem, folder, self } = options;
  if ((await fileSystem.stat(join(folder, name))) === undefined) return false;
  const other = parseSessionName(name);
  if (other?.host !== self.host) return isBeating(name, options);
  if (other.pid !== self.pid) {
    return isRunning(other.pid) && (other.start === '0' || processStart(other.pid) === other.start);
  }
  if (other.start !== self.start) return false;
  return other.thread === self.thread ? liveSessions().has(name) : isBeating(name, options);
}

async function isBeating(name: string, options: LivenessOptions): Promise<boolean> {
  const { fileSystem, folder, staleAfterMs } = options;
  const beat =
    (await fileSystem.stat(join(folder, name, HEARTBEAT_FILE))) ??
    (await fileSystem.stat(join(folder, name)));
  return beat !== undefined && (await options.storageNowMs()) - beat.modifiedMs <= staleAfterMs;
}
