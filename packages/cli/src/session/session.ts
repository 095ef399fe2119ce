import { join } from 'node:path';
import { type Catalog, openCatalog } from '@sendense/catalog';
import {
  type BlockIoDriver,
  type Call,
  type LogSink,
  type PluginServices,
  systemServices,
} from '@sendense/core';
import { readNativeMode } from '@sendense/plugin-kit';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { createBlockDrivers } from '@sendense/quickstart';
import type { Config } from '../config/config-schema.ts';
import { loadConfig } from '../config/load-config.ts';
import { configFile, stateDirectory } from '../config/locations.ts';
import type { Host } from '../host.ts';
import { asSendenseError } from '../output/error-report.ts';
import { createLogLines } from '../output/log-lines.ts';
import type { CommonOptions } from '../program/common-flags.ts';
import type { StopSignals } from './stop-signals.ts';

/** What one run of a verb shares; dispose closes all that was opened, newest first. */
export class Session implements AsyncDisposable {
  readonly host: Host;
  readonly config: Config;
  readonly stateDirectory: string;
  readonly stop: StopSignals;
  readonly log: LogSink;
  readonly #owned: AsyncDisposable[] = [];
  #catalog: Promise<Catalog> | undefined;

  constructor(host: Host, options: CommonOptions, config: Config, stop: StopSignals) {
    this.host = host;
    this.config = config;
    this.stop = stop;
    this.stateDirectory = stateDirectory(host, options.stateDir, config.stateDir);
    const write = (line: string) => void host.stderr.write(`${line}\n`);
    this.log = createLogLines(write, {
      level: options.logLevel,
      json: options.logJson === true,
      now: host.now,
    });
  }

  /** The last argument of every contract call. */
  get call(): Call {
    return { signal: this.stop.signal };
  }

  /** The file of the catalog. */
  get catalogFile(): string {
    return join(this.stateDirectory, 'catalog.sqlite');
  }

  /** What plugins and the engine take from this process. */
  async services(): Promise<PluginServices> {
    const temporaryDirectory = join(this.stateDirectory, 'tmp');
    await nodeFileSystem.makeDirectory(temporaryDirectory);
    return systemServices({ log: this.log, temporaryDirectory, drivers: this.drivers() });
  }

  /** What moves bytes in this process. Throws `UNSUPPORTED` where native code is required and absent. */
  drivers(): readonly BlockIoDriver[] {
    return createBlockDrivers(readNativeMode(this.host.env), this.log);
  }

  /** The catalog, opened once; `onCorrupt` counts for the first caller. */
  catalog(onCorrupt: 'fail' | 'set-aside' = 'fail'): Promise<Catalog> {
    this.#catalog ??= openCatalog({ path: this.catalogFile, onCorrupt }).then((catalog) => this.own(catalog));
    return this.#catalog;
  }

  /** Closes `handle` with the session. */
  own<T extends AsyncDisposable>(handle: T): T {
    this.#owned.push(handle);
    return handle;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let handle = this.#owned.pop(); handle !== undefined; handle = this.#owned.pop()) {
      await this.#close(handle);
    }
  }

  /** What was done is done: the result counts, and the other handles are closed too. */
  async #close(handle: AsyncDisposable): Promise<void> {
    try {
      await handle[Symbol.asyncDispose]();
    } catch (error) {
      const { message } = asSendenseError(error, 'close');
      this.log({ level: 'warn', message: `closing failed: ${message}`, fields: {} });
    }
  }
}

/** Reads the configuration and starts a session; nothing else is touched. */
export async function openSession(host: Host, options: CommonOptions, stop: StopSignals): Promise<Session> {
  const { path, named } = configFile(host, options.config);
  return new Session(host, options, await loadConfig(path, named), stop);
}
