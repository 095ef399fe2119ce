import { SendenseError } from '@sendense/core';
import type { FileHandle } from '@sendense/plugin-kit/files';
import { activeSequence } from './active-sequence.ts';
import { MIB } from './constants.ts';
import type { VhdxHeader } from './file-header.ts';
import { corrupt, unsupported } from './format-error.ts';
import { LogChanges } from './log-changes.ts';
import { LOG_SECTOR_BYTES, type LogEntry, LogRing, logChanges } from './log-entry.ts';

/** Logs are 1 MiB; these bounds keep a hostile one from taking memory or hours. */
const MAX_LOG_BYTES = 64 * MIB;
const MAX_CHANGES = 65_536;

/** A file as it is once its log is replayed. The replay takes place in memory: not a byte of the file changes. */
export class ReplayedFile implements FileHandle {
  readonly #handle: FileHandle;
  readonly #changes: LogChanges;
  readonly #storedBytes: number;
  readonly #bytes: number;

  private constructor(handle: FileHandle, changes: LogChanges, storedBytes: number, bytes: number) {
    this.#handle = handle;
    this.#changes = changes;
    this.#storedBytes = storedBytes;
    this.#bytes = Math.max(storedBytes, bytes);
  }

  /** Replays the log of `header`. Rejects with `CORRUPT` when no valid sequence of entries is in it. */
  static async open(
    handle: FileHandle,
    header: VhdxHeader & { readonly logGuid: string },
  ): Promise<ReplayedFile> {
    const { logOffset, logBytes, logGuid } = header;
    const storedBytes = await handle.size();
    const isOnGrid = logOffset % MIB === 0 && logBytes % MIB === 0;
    if (!isOnGrid || logBytes === 0 || logOffset < MIB || logOffset + logBytes > storedBytes)
      throw corrupt('its log lies outside the file or off its grid');
    if (logBytes > MAX_LOG_BYTES)
      throw unsupported(`has a log of ${logBytes} bytes to replay: ${MAX_LOG_BYTES} is the most`);
    const ring = new LogRing(handle, { offset: logOffset, length: logBytes });
    const entries = await activeSequence(ring, logGuid);
    const newest = entries.at(-1);
    if (newest === undefined) throw corrupt('its log has to be replayed, and holds nothing valid');
    if (newest.flushedFileBytes > storedBytes)
      throw corrupt(
        `it had ${newest.flushedFileBytes} bytes when its log was written, and has ${storedBytes}: it was cut short`,
      );
    return new ReplayedFile(handle, await changesOf(ring, entries), storedBytes, newest.lastFileBytes);
  }

  /** Whether a range is not what the stored file has there. */
  differs(start: number, end: number): boolean {
    return end > this.#storedBytes || this.#changes.touches(start, end);
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    const count = Math.min(into.byteLength, Math.max(0, this.#bytes - position));
    const stored =
      position < this.#storedBytes ? await this.#handle.read(into.subarray(0, count), position) : 0;
    into.fill(0, stored, count);
    const end = position + count;
    for (let at = position - (position % LOG_SECTOR_BYTES); at < end; at += LOG_SECTOR_BYTES)
      await this.#apply(at, into, position, end);
    return count;
  }

  async size(): Promise<number> {
    return this.#bytes;
  }

  write = readOnly;
  truncate = readOnly;
  sync = readOnly;

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle[Symbol.asyncDispose]();
  }

  async #apply(at: number, into: Uint8Array, position: number, end: number): Promise<void> {
    const change = this.#changes.at(at);
    if (change === undefined) return;
    const sector = new Uint8Array(LOG_SECTOR_BYTES);
    if (change !== 'zero') {
      await this.#handle.read(sector, change.position);
      sector.set(change.leading);
      sector.set(change.trailing, LOG_SECTOR_BYTES - 4);
    }
    const from = Math.max(at, position);
    into.set(sector.subarray(from - at, Math.min(at + LOG_SECTOR_BYTES, end) - at), from - position);
  }
}

async function changesOf(ring: LogRing, entries: readonly LogEntry[]): Promise<LogChanges> {
  const total = entries.reduce((sum, { descriptors }) => sum + descriptors, 0);
  if (total > MAX_CHANGES) throw unsupported(`has ${total} changes in its log: ${MAX_CHANGES} is the most`);
  const changes = new LogChanges();
  for (const entry of entries) {
    for await (const change of logChanges(ring, entry)) {
      if (change === undefined) throw corrupt('an entry of its log describes its changes wrongly');
      changes.add(change);
    }
  }
  changes.seal();
  return changes;
}

async function readOnly(): Promise<never> {
  throw new SendenseError('READ_ONLY', 'an image with a log to replay is only read', {
    operation: 'write-image',
  });
}
