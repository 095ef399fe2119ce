import { join } from 'node:path';
import {
  type BlockIoDriver,
  type Call,
  type Finding,
  type LogSink,
  type MachineKey,
  type Random,
  SendenseError,
} from '@sendense/core';
import type { Blake3 } from '@sendense/plugin-kit/digest';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { isMachineName, type MachinePaths, machinePaths } from '../layout/machine-paths.ts';
import { MAX_RECORD_BYTES, parseRecord, type RecordType, serializeRecord } from '../records/sealed-json.ts';
import { withLock } from '../session/exclusive-lock.ts';
import type { Session } from '../session/session.ts';
import { readBounded } from './read-bounded.ts';

/** What a store is made of. */
export type LocalStoreOptions = {
  readonly root: string;
  readonly fileSystem: FileSystem;
  readonly blake3: Blake3;
  readonly random: Random;
  readonly log: LogSink;
  /** `undefined`: the repository is open for reading only. */
  readonly session: Session | undefined;
  readonly lockTimeoutMs: number;
  /** Moves bytes from file to file, where there is one. */
  readonly driver?: BlockIoDriver | undefined;
};

/** The files of one open repository: everything that reads or changes them goes through here. */
export class LocalStore {
  readonly root: string;
  readonly fileSystem: FileSystem;
  readonly blake3: Blake3;
  readonly random: Random;
  readonly driver: BlockIoDriver | undefined;
  readonly #options: LocalStoreOptions;
  readonly #findings = new Map<string, Finding>();

  constructor(options: LocalStoreOptions) {
    this.root = options.root;
    this.fileSystem = options.fileSystem;
    this.blake3 = options.blake3;
    this.random = options.random;
    this.driver = options.driver;
    this.#options = options;
  }

  /** The session, to change anything. Throws `READ_ONLY` when there is none. */
  get session(): Session {
    if (this.#options.session !== undefined) return this.#options.session;
    throw new SendenseError(
      'READ_ONLY',
      `${this.root} cannot be written to; the repository is open for reading only`,
      {
        operation: 'write-repository',
        remedy: 'mount it writable, or run as its owner',
      },
    );
  }

  /** Whether anything can be changed. */
  get writable(): boolean {
    return this.#options.session !== undefined;
  }

  /** What the user should know of this repository, each once. */
  get findings(): readonly Finding[] {
    return [...this.#findings.values()];
  }

  /** Remembers a finding and logs it the first time. */
  report(finding: Finding): void {
    const key = `${finding.code} ${finding.object ?? ''}`;
    if (this.#findings.has(key)) return;
    this.#findings.set(key, finding);
    const { code, severity, object = '' } = finding;
    const level = severity === 'warning' ? 'warn' : severity;
    this.#options.log({ level, message: finding.message, fields: { code, object, repository: this.root } });
  }

  paths(machine: MachineKey): MachinePaths {
    return machinePaths(this.root, machine);
  }

  /** Machines that have a folder, sorted. */
  async machines(): Promise<readonly MachineKey[]> {
    return (await this.fileSystem.list(this.root)).filter(isMachineName);
  }

  /** Names in a folder; none when the folder is not there. */
  async list(folder: string): Promise<readonly string[]> {
    return (await this.fileSystem.stat(folder)) === undefined ? [] : this.fileSystem.list(folder);
  }

  /**
   * Names in a folder as they are now, although a network mount may answer from a cache: a change of our own makes it look
   * again. For whoever decides by what is not there.
   */
  async listFresh(folder: string): Promise<readonly string[]> {
    if ((await this.fileSystem.stat(folder)) === undefined) return [];
    const probe = join(folder, `.${this.session.token()}`);
    await this.fileSystem.makeDirectory(probe);
    await this.fileSystem.removeDirectory(probe);
    return this.fileSystem.list(folder);
  }

  /** Reads a JSON file. See `parseRecord` for its errors. */
  async read<T>(type: RecordType<T>, path: string): Promise<T> {
    const bytes = await readBounded(this.fileSystem, path, MAX_RECORD_BYTES);
    return parseRecord(type, bytes, path, this.blake3);
  }

  /** Writes or replaces a JSON file atomically. Durable after its folder is synced, unless `isDurable` is false. */
  async write<T>(type: RecordType<T>, path: string, fields: object, isDurable = true): Promise<void> {
    const bytes = serializeRecord(type, fields, this.blake3);
    const staged = await this.session.stage(bytes, 'record', isDurable);
    await this.session.publish(staged, path);
  }

  /** Makes a folder that outlives a power loss. */
  async makeFolder(path: string, parent: string): Promise<void> {
    if ((await this.fileSystem.stat(path)) !== undefined) return;
    await this.fileSystem.makeDirectory(path);
    await this.syncFolder(parent);
  }

  /** Makes the names in a folder durable; where the storage cannot, that is a finding. */
  async syncFolder(path: string): Promise<void> {
    if (!(await this.fileSystem.syncDirectory(path))) this.report(folderSyncUnavailable(this.root));
  }

  /** Runs `run` under the machine's short lock, for as long as a few files take. */
  withLock<T>(paths: MachinePaths, call: Call | undefined, run: () => Promise<T>): Promise<T> {
    return this.#locked(join(paths.locks, 'short'), this.#options.lockTimeoutMs, call, run);
  }

  /** Runs `run` under the machine's lock of deletions and rewrites; rejects with `LOCKED` at once when it is taken. */
  withMaintenanceLock<T>(paths: MachinePaths, call: Call | undefined, run: () => Promise<T>): Promise<T> {
    return this.#locked(join(paths.locks, 'maintenance'), 0, call, run);
  }

  /** Ends the session. */
  async close(): Promise<void> {
    await this.#options.session?.[Symbol.asyncDispose]();
  }

  async #locked<T>(
    path: string,
    timeoutMs: number,
    call: Call | undefined,
    run: () => Promise<T>,
  ): Promise<T> {
    const { fileSystem, session } = this;
    return withLock({ fileSystem, session, path, timeoutMs }, call, run);
  }
}

/** The weakening of storage that does not sync folders. */
function folderSyncUnavailable(root: string): Finding {
  return {
    severity: 'warning',
    code: 'folder-sync-unavailable',
    message:
      'the storage cannot make file names durable: a power loss may undo the newest points, a crash of this program cannot',
    object: root,
  };
}
