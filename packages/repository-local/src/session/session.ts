import { basename, dirname, join } from 'node:path';
import { type MachineKey, SendenseError } from '@sendense/core';
import type { FileHandle, FileSystem } from '@sendense/plugin-kit/files';
import { withFile } from '../store/with-file.ts';
import { HEARTBEAT_FILE, isSessionAlive, type LivenessOptions } from './is-session-alive.ts';
import { liveSessions } from './live-sessions.ts';
import { type ProcessIdentity, processIdentity } from './process-identity.ts';
import { fencedName, formatSessionName, isFencedName } from './session-name.ts';

/** How a session is opened. */
export type SessionOptions = {
  readonly fileSystem: FileSystem;
  /** The folder of all sessions. */
  readonly folder: string;
  /** 12 hex digits, never used before. */
  readonly suffix: string;
  readonly heartbeatMs: number;
  readonly staleAfterMs: number;
};

/**
 * One opener of a repository. All that it makes final, replaces or removes passes through its folder by rename, so that
 * renaming that folder away fences it; see the on-disk layout, "Sessions".
 */
export class Session implements AsyncDisposable {
  readonly name: string;
  readonly folder: string;
  /** Tokens of the locks that this session holds. */
  readonly locks = new Set<string>();
  readonly #options: SessionOptions;
  readonly #self: ProcessIdentity = processIdentity();
  readonly #marked = new Set<MachineKey>();
  #count = 0;
  #timer: NodeJS.Timeout | undefined;
  #beat: Promise<void> = Promise.resolve();
  #unfinished = false;

  private constructor(options: SessionOptions) {
    this.#options = options;
    this.name = formatSessionName({ ...this.#self, suffix: options.suffix });
    this.folder = join(options.folder, this.name);
  }

  /** Makes the session's folder and starts its heartbeat. */
  static async open(options: SessionOptions): Promise<Session> {
    const session = new Session(options);
    liveSessions().add(session.name);
    try {
      await session.#makeFolder();
      await session.#writeHeartbeat();
    } catch (error) {
      liveSessions().delete(session.name);
      throw error;
    }
    session.#timer = setInterval(() => {
      // A heartbeat that fails is one that is missed: the fence protects what it would have protected.
      session.#beat = session.#beat.then(() => session.#writeHeartbeat()).catch(() => undefined);
    }, options.heartbeatMs).unref();
    return session;
  }

  /** A name for a lock or hold: tells its session, and is never given twice. */
  token(): string {
    this.#count += 1;
    return `${this.name}.${this.#count}`;
  }

  /** A path in the session's folder, never given twice. */
  path(ending: string): string {
    this.#count += 1;
    return join(this.folder, `${this.#count}-${ending}`);
  }

  /** Remembers durably that the files of `machine` are about to change: after a crash they are swept. */
  async mark(machine: MachineKey): Promise<void> {
    if (this.#marked.has(machine)) return;
    const { fileSystem } = this.#options;
    const marker = join(this.folder, machine);
    await this.#fenced(() => withFile(fileSystem, marker, 'create', () => Promise.resolve()));
    await fileSystem.syncDirectory(this.folder);
    await fileSystem.syncDirectory(dirname(this.folder));
    this.#marked.add(machine);
  }

  /** Says that this session could not tidy up: its folder stays, and the next opener sweeps the marked machines. */
  leaveUnfinished(): void {
    this.#unfinished = true;
  }

  /** Rejects with `FENCED` when somebody took this session for dead. */
  async check(): Promise<void> {
    if ((await this.#options.fileSystem.stat(this.folder)) === undefined) throw this.#fencedError();
  }

  /** Writes a new file into the session's folder, with durable content unless it is of use only while we live. */
  async stage(bytes: Uint8Array, ending: string, isDurable = true): Promise<string> {
    const path = this.path(ending);
    const write = async (file: FileHandle) => {
      await file.write(bytes, 0);
      if (isDurable) await file.sync();
    };
    await this.#fenced(() => withFile(this.#options.fileSystem, path, 'create', write));
    return path;
  }

  /** Gives a staged file its final name, replacing what is there. Durable after the folder is synced. */
  async publish(staged: string, path: string): Promise<void> {
    await this.#fenced(() => this.#options.fileSystem.rename(staged, path));
  }

  /** Removes a file; one that is gone already is no error. */
  async retire(path: string): Promise<void> {
    const { fileSystem } = this.#options;
    const away = this.path(basename(path).slice(-64));
    try {
      await fileSystem.rename(path, away);
    } catch (error) {
      if (!SendenseError.is(error, 'NOT_FOUND')) throw error;
      await this.check();
      return;
    }
    await fileSystem.unlink(away);
  }

  /** Whether the session of that name still runs. */
  isAlive(name: string): Promise<boolean> {
    return isSessionAlive(name, this.#liveness());
  }

  /** Takes the session's folder away, so that it can change nothing more. */
  async fence(name: string): Promise<void> {
    const { fileSystem, folder } = this.#options;
    try {
      await fileSystem.rename(join(folder, name), join(folder, fencedName(name)));
    } catch (error) {
      // Closed by itself, or fenced by another opener at the same time.
      if (!SendenseError.is(error, 'NOT_FOUND') && !SendenseError.is(error, 'ALREADY_EXISTS')) throw error;
    }
  }

  /** Fences all dead sessions; resolves with the folder names of all that are fenced. */
  async fenceDead(): Promise<readonly string[]> {
    const { fileSystem, folder } = this.#options;
    const fenced: string[] = [];
    for (const name of await fileSystem.list(folder)) {
      if (isFencedName(name)) fenced.push(name);
      else if (name !== this.name && !(await this.isAlive(name))) {
        await this.fence(name);
        fenced.push(fencedName(name));
      }
    }
    return fenced;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!liveSessions().delete(this.name)) return;
    clearInterval(this.#timer);
    await this.#beat;
    if (this.#unfinished) return;
    await removeFolder(this.#options.fileSystem, this.folder).catch(() => undefined);
  }

  async #makeFolder(): Promise<void> {
    const { fileSystem, folder } = this.#options;
    if ((await fileSystem.stat(folder)) === undefined) {
      await fileSystem.makeDirectory(folder);
      await fileSystem.syncDirectory(dirname(folder));
    }
    await fileSystem.makeDirectory(this.folder);
  }

  #liveness(): LivenessOptions {
    return {
      ...this.#options,
      self: this.#self,
      storageNowMs: async () => {
        await this.#writeHeartbeat();
        return (await this.#options.fileSystem.stat(join(this.folder, HEARTBEAT_FILE)))?.modifiedMs ?? 0;
      },
    };
  }

  async #writeHeartbeat(): Promise<void> {
    const { fileSystem } = this.#options;
    const path = join(this.folder, HEARTBEAT_FILE);
    const mode = (await fileSystem.stat(path)) === undefined ? 'create' : 'read-write';
    await withFile(fileSystem, path, mode, (file) => file.write(new Uint8Array(1), 0));
  }

  /** A path in our folder that is gone means that the folder is gone. */
  async #fenced<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (SendenseError.is(error, 'NOT_FOUND')) await this.check();
      throw error;
    }
  }

  #fencedError(): SendenseError {
    return new SendenseError('FENCED', 'another process took this one for dead and went on without it', {
      operation: 'check-session',
      remedy: 'run it again; if it was suspended, raise staleAfterMs',
      context: { session: this.name },
    });
  }
}

/** Removes a session's folder with all that is in it. */
export async function removeFolder(fileSystem: FileSystem, folder: string): Promise<void> {
  for (const name of await fileSystem.list(folder)) {
    const path = join(folder, name);
    const status = await fileSystem.stat(path);
    if (status?.kind === 'directory') await removeFolder(fileSystem, path);
    else if (status !== undefined) await fileSystem.unlink(path);
  }
  await fileSystem.removeDirectory(folder);
}
