import { join } from 'node:path';
import { type NbdServer, startNbdServer } from '@sendense/blockio-nbd/server';
import { type Call, type Finding, type LogSink, SendenseError, type SocketAddress } from '@sendense/core';
import {
  Closer,
  type FileSystem,
  limitConcurrency,
  nodeFileSystem,
  orClose,
  parseOptions,
} from '@sendense/plugin-kit';
import type { ControlRequest } from '../control/control-message.ts';
import { serveControl } from '../control/control-server.ts';
import { confineTo } from '../entries/allowed-roots.ts';
import { type EntryFailure, type EntryFile, readEntries } from '../entries/read-entries.ts';
import { exportUri } from '../names/export-uri.ts';
import { type NbdServiceOptions, type NbdServiceServices, nbdServiceOptionsSchema } from '../options.ts';
import { SharedRepositories } from '../sources/shared-repositories.ts';
import { type ExportInfo, failureFinding, type ReloadReport } from './reload-report.ts';
import { type ServeContext, type ServedDisk, serveDisk } from './served-disk.ts';
import { checkSocketPath, servicePaths, takeServiceFolder } from './service-folder.ts';

/** Serves what the files of a folder say. Disposing it is `stop`. */
export interface NbdService extends AsyncDisposable {
  /** Where it listens, the port that was chosen included. */
  readonly address: SocketAddress;
  /** The folder of the files that say what is exported. */
  readonly confDirectory: string;
  /** What is served now, by name. */
  readonly exports: readonly ExportInfo[];
  /** What a service that was killed had left. */
  readonly findings: readonly Finding[];
  /** Resolves when the service has stopped, by whatever cause. */
  readonly ended: Promise<void>;

  /**
   * Reads the folder and serves what it says: new files are added, files that are gone or say something else are taken away first.
   * Clients of the others notice nothing. A file that is refused is told, and the others go on; where its disk was served before, that
   * goes on too. One reload runs at a time. Rejects with `NOT_OPEN` once the service was stopped, and when the folder cannot be read.
   */
  reload(call?: Call): Promise<ReloadReport>;

  /** Answers what is under way, closes every disk and removes the overlays. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts a service and serves what its folder says; what is refused there is in the log and in what `callService` is told. Other
 * processes of the same user reach it by `callService`. Rejects with `CONFIG_INVALID` for wrong options, `LOCKED` while another service runs in the folder, and as `startNbdServer`.
 */
export async function startNbdService(
  options: NbdServiceOptions,
  services: NbdServiceServices,
): Promise<NbdService> {
  const checked = await parseOptions(nbdServiceOptionsSchema, options, 'an NBD service');
  const { directory, confDirectory = join(directory, 'conf.d'), roots, address, endWhenEmpty } = checked;
  const { fileSystem = nodeFileSystem, drivers = [], log = () => undefined, tls, limits } = services;
  const paths = servicePaths(directory);
  const listenAt = address ?? { kind: 'unix' as const, path: paths.socket };
  if (listenAt.kind === 'unix') checkSocketPath(listenAt.path);
  const opened = new Closer();
  return orClose(opened, async () => {
    const { findings } = opened.add(await takeServiceFolder(directory, fileSystem));
    await fileSystem.makeDirectory(confDirectory);
    const server = opened.add(
      await startNbdServer({ address: listenAt, log, ...(tls && { tls }), ...(limits && { limits }) }),
    );
    const repositories = new SharedRepositories(services.openRepository);
    const confine = confineTo(roots, fileSystem);
    const context = { server, repositories, confine, fileSystem, drivers, overlays: paths.overlays };
    const folder = { confDirectory, fileSystem };
    const service = new RunningService(context, folder, { opened, findings, log, tls: tls !== undefined });
    await service.reload();
    await service.answerAt(paths.control, endWhenEmpty);
    return service;
  });
}

type Running = {
  /** What is closed after the disks. */
  readonly opened: Closer;
  readonly findings: readonly Finding[];
  readonly log: LogSink;
  readonly tls: boolean;
};

class RunningService implements NbdService {
  readonly address: SocketAddress;
  readonly confDirectory: string;
  readonly findings: readonly Finding[];
  readonly #context: ServeContext;
  readonly #fileSystem: FileSystem;
  readonly #running: Running;
  readonly #inTurn = limitConcurrency(1);
  readonly #served = new Map<string, ServedDisk>();
  readonly #end = Promise.withResolvers<void>();
  #failures: readonly EntryFailure[] = [];
  #control: AsyncDisposable | undefined;
  #stopped: Promise<void> | undefined;

  constructor(
    context: ServeContext,
    { confDirectory, fileSystem }: { readonly confDirectory: string; readonly fileSystem: FileSystem },
    running: Running,
  ) {
    this.#context = context;
    this.#fileSystem = fileSystem;
    this.#running = running;
    this.address = (context.server satisfies NbdServer).address;
    this.confDirectory = confDirectory;
    this.findings = running.findings;
    for (const finding of running.findings) this.#tell(finding);
  }

  get exports(): readonly ExportInfo[] {
    const served = [...this.#served.values()].map((disk) => this.#describe(disk));
    return served.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  get ended(): Promise<void> {
    return this.#end.promise;
  }

  reload(call?: Call): Promise<ReloadReport> {
    return this.#inTurn(() => this.#reload(call), call?.signal);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#inTurn(() => this.#stop()).finally(() => this.#end.resolve());
    return this.#stopped;
  }

  /** Answers other processes; with `endWhenEmpty` the service ends once it was asked for nothing any more. */
  async answerAt(path: string, endWhenEmpty: boolean): Promise<void> {
    const answered = () => {
      if (!endWhenEmpty || !this.#isEmpty()) return;
      this.#stopIfEmpty().catch((error: unknown) =>
        this.#tell(failureFinding({ file: path, error: asFailure(error) })),
      );
    };
    const answer = ({ call }: ControlRequest) => (call === 'reload' ? this.reload() : this.#list());
    this.#control = await serveControl(path, answer, answered);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #reload(call?: Call): Promise<ReloadReport> {
    if (this.#stopped !== undefined) throw stopped();
    const { entries, failures } = await readEntries(this.confDirectory, this.#fileSystem);
    const refused = [...failures];
    const removed = await this.#removeOthers(entries, refused);
    const added = await this.#addMissing(entries, refused, call);
    this.#failures = refused;
    const findings = refused.map(failureFinding);
    for (const finding of findings) this.#tell(finding);
    return { exports: this.exports, added, removed, failures: refused, findings };
  }

  #isEmpty(): boolean {
    return this.#served.size === 0 && this.#failures.length === 0;
  }

  /** Whoever asked in the meantime was promised what the service has now. */
  #stopIfEmpty(): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#isEmpty()) return;
      this.#stopped ??= this.#stop().finally(() => this.#end.resolve());
      await this.#stopped;
    });
  }

  async #list(): Promise<ReloadReport> {
    if (this.#stopped !== undefined) throw stopped();
    const [failures, findings] = [this.#failures, [...this.findings, ...this.#failures.map(failureFinding)]];
    return { exports: this.exports, added: [], removed: [], failures, findings };
  }

  /** Takes away what no file asks for any more, or asks for in another way. A file that cannot be read takes nothing away. */
  async #removeOthers(entries: readonly EntryFile[], failures: EntryFailure[]): Promise<readonly string[]> {
    const wanted = new Map(entries.map(({ file, entry }) => [file, JSON.stringify(entry)]));
    const unreadable = new Set(failures.map(({ file }) => file));
    const removed: string[] = [];
    for (const disk of this.#served.values()) {
      if (unreadable.has(disk.file) || wanted.get(disk.file) === disk.entryText) continue;
      this.#served.delete(disk.file);
      removed.push(disk.name);
      try {
        await disk[Symbol.asyncDispose]();
      } catch (error) {
        failures.push({ file: disk.file, error: asFailure(error) });
      }
    }
    return removed;
  }

  async #addMissing(
    entries: readonly EntryFile[],
    failures: EntryFailure[],
    call?: Call,
  ): Promise<readonly string[]> {
    const added: string[] = [];
    for (const entry of entries) {
      if (this.#served.has(entry.file)) continue;
      try {
        const taken = new Set([...this.#served.values()].map(({ name }) => name));
        const disk = await serveDisk(entry, this.#context, (name) => taken.has(name), call);
        this.#served.set(entry.file, disk);
        added.push(disk.name);
      } catch (error) {
        failures.push({ file: entry.file, error: asFailure(error) });
      }
    }
    return added;
  }

  #describe({ name, sizeBytes, overlay, file, description }: ServedDisk): ExportInfo {
    return {
      name,
      uri: exportUri(this.address, name, this.#running.tls),
      sizeBytes,
      writable: overlay !== null,
      overlayBytes: overlay?.ownedBytes ?? null,
      file,
      description,
    };
  }

  #tell({ severity, code, message, object = '' }: Finding): void {
    const level = severity === 'error' ? 'error' : 'warn';
    this.#running.log({ level, message: `${object}: ${message}`, fields: { code } });
  }

  /** The disks go first, then whoever asks is refused, then the server, then the lock of the folder. */
  async #stop(): Promise<void> {
    const disks = [...this.#served.values()];
    this.#served.clear();
    const all = new Closer();
    all.add(this.#running.opened);
    if (this.#control !== undefined) all.add(this.#control);
    for (const disk of disks) all.add(disk);
    await all[Symbol.asyncDispose]();
  }
}

function asFailure(error: unknown): SendenseError {
  if (SendenseError.is(error)) return error;
  return new SendenseError('UNEXPECTED', error instanceof Error ? error.message : String(error), {
    operation: 'open-export',
    cause: error,
  });
}

function stopped(): SendenseError {
  return new SendenseError('NOT_OPEN', 'the service was stopped', { operation: 'reload-exports' });
}
