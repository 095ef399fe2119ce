import { dirname, join } from 'node:path';
import { type Clock, type LogSink, SendenseError, systemClock } from '@sendense/core';
import { type FileSystem, nodeFileSystem, systemTimer, type Timer } from '@sendense/plugin-kit';
import { AuditFile } from './audit-file.ts';
import { auditLine, gapLine, refusalLine } from './audit-line.ts';
import type { AuditEntry, AuditLog, RefusalCount } from './audit-log.ts';
import type { AuditOptions } from './audit-options.ts';

/** The file in the folder of an audit log that is written now. */
export const AUDIT_FILE = 'audit.jsonl';
/** After a failure the log tries so often to tell of the gap, as a server that is not ready may get no requests to note. */
const RETRY_MS = 5_000;

/** What an audit log takes from its host. */
export type AuditServices = {
  readonly fileSystem?: FileSystem;
  readonly clock?: Pick<Clock, 'now'>;
  readonly log?: LogSink;
  readonly timer?: Timer;
};

type GroupServices = { readonly clock: Pick<Clock, 'now'>; readonly log: LogSink; readonly timer: Timer };
type Waiting = { readonly line: string; readonly done: PromiseWithResolvers<void> };

/**
 * Opens the audit log in `directory` (made where it is missing) for one writer. Rejects with the storage's error when nothing can be
 * written there.
 */
export async function openAuditLog(
  directory: string,
  options: AuditOptions,
  services: AuditServices = {},
): Promise<AuditLog> {
  const { fileSystem = nodeFileSystem, clock = systemClock, timer = systemTimer } = services;
  const { log = () => undefined } = services;
  await fileSystem.makeDirectory(directory);
  await fileSystem.syncDirectory(dirname(directory));
  const file = new AuditFile(fileSystem, join(directory, AUDIT_FILE), options);
  await file.append(''); // what cannot be written is told at the start
  return new GroupedAuditLog(file, { clock, log, timer });
}

/** Lines that come while others are being synced are written and synced together. */
class GroupedAuditLog implements AuditLog {
  readonly #file: AuditFile;
  readonly #services: GroupServices;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  /** Since when lines were refused, and how many. */
  #gap: { readonly since: Date; lines: number } | undefined;
  #retry: Promise<void> | undefined;
  readonly #closed = new AbortController();

  constructor(file: AuditFile, services: GroupServices) {
    this.#file = file;
    this.#services = services;
  }

  record(entry: AuditEntry | RefusalCount): Promise<void> {
    const now = this.#services.clock.now();
    return this.#write(entry.event === 'refused' ? refusalLine(entry, now) : auditLine(entry, now));
  }

  get isWritable(): boolean {
    return this.#gap === undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    await this.#retry;
    await this.#writing;
    await this.#file[Symbol.asyncDispose]();
  }

  async #write(line: string): Promise<void> {
    if (this.#closed.signal.aborted)
      throw new SendenseError('NOT_OPEN', 'the audit log is closed', { operation: 'write-audit-log' });
    const done = Promise.withResolvers<void>();
    this.#waiting.push({ line, done });
    this.#writing ??= this.#writeGroups();
    await done.promise;
  }

  async #writeGroups(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      await this.#writeGroup(group);
    }
    this.#writing = undefined;
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    const gap =
      this.#gap === undefined ? '' : gapLine(this.#services.clock.now(), this.#gap.since, this.#gap.lines);
    try {
      await this.#file.append(gap + group.map(({ line }) => line).join(''));
      this.#gap = undefined;
      for (const { done } of group) done.resolve();
    } catch (error) {
      this.#tellFailure(error, group.filter(({ line }) => line !== '').length);
      for (const { done } of group) done.reject(unwritten(error));
    }
  }

  #tellFailure(error: unknown, lines: number): void {
    this.#gap ??= { since: this.#services.clock.now(), lines: 0 };
    this.#gap.lines += lines;
    const { message } = error as Error;
    this.#services.log({
      level: 'error',
      message: `the audit log cannot be written: ${message}`,
      fields: { lines },
    });
    this.#retryLater();
  }

  #retryLater(): void {
    if (this.#closed.signal.aborted) return;
    this.#retry ??= this.#services.timer
      .sleep(RETRY_MS, this.#closed.signal)
      .then(() => this.#write(''))
      .catch(() => undefined) // it was told, or the log is closed
      .finally(() => {
        this.#retry = undefined;
        if (this.#gap !== undefined) this.#retryLater();
      });
  }
}

/** What callers are told: not where the log lies, and not that their request was wrong. */
function unwritten(error: unknown): SendenseError {
  const isFull = SendenseError.is(error, 'NO_SPACE') || SendenseError.is(error, 'QUOTA_EXCEEDED');
  return new SendenseError(
    isFull ? 'NO_SPACE' : 'READ_ONLY',
    'the audit log of the server cannot be written',
    {
      operation: 'write-audit-log',
      retry: 'later',
      remedy: 'free space or mend the storage of the state folder of the server, then repeat',
      cause: error,
    },
  );
}
