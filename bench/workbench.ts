import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { root } from '../tools/workspace.ts';
import type { Settings } from './arguments.ts';
import { type DataKind, dataSet } from './data/data-set.ts';
import { runShell, shellWords, syncFile } from './measure/run-shell.ts';
import { settle } from './measure/side.ts';
import { median } from './measure/statistics.ts';
import type { Destination } from './report/result.ts';

/** The command line as it is built for users. */
const CTL = path.join(root, 'packages/cli/dist/main.js');

/** What every `sendense-ctl` of the bench runs with; only object repositories ask for it. */
export const OUR_ENVIRONMENT = { SENDENSE_PASSPHRASE: 'bench' } as const;

/** Enough to see the physical limit; it needs no pairs. */
const LIMIT_RUNS = 3;

/** What the rows share: settings, folders, data sets and the built command line. Disposing removes all but data sets. */
export class Workbench implements AsyncDisposable {
  readonly settings: Settings;
  readonly #say: (line: string) => void;
  readonly #folders: Readonly<Record<Destination, string>>;
  readonly #dataFolder: string;
  readonly #limits = new Map<string, Promise<number>>();

  private constructor(settings: Settings, say: (line: string) => void, base: string, memory: string) {
    this.settings = settings;
    this.#say = say;
    this.#folders = { disk: path.join(base, `work-${process.pid}`), memory };
    this.#dataFolder = path.join(base, 'data');
  }

  static async open(settings: Settings, say: (line: string) => void): Promise<Workbench> {
    const base = path.resolve(settings.folder ?? path.join(root, '.cache', 'bench'));
    await mkdir(path.join(base, `work-${process.pid}`), { recursive: true });
    return new Workbench(settings, say, base, await mkdtemp('/dev/shm/sendense-bench-'));
  }

  /** Tells a person what happens now. */
  say(line: string): void {
    this.#say(line);
  }

  /** An empty folder at a destination; disposing removes it. */
  async folder(destination: Destination): Promise<AsyncDisposable & { readonly path: string }> {
    const made = await mkdtemp(path.join(this.#folders[destination], 'w-'));
    return { path: made, [Symbol.asyncDispose]: () => rm(made, { recursive: true, force: true }) };
  }

  /** A raw disk with data of that kind, in the page cache. */
  async dataSet(kind: DataKind, sizeBytes = this.settings.sizeBytes, seed = 1): Promise<string> {
    const file = await dataSet(this.#dataFolder, kind, sizeBytes, seed);
    await warm(file);
    return file;
  }

  /** `sendense-ctl ARGS --json` as words of a shell, with its catalog in `folder`. */
  ctl(folder: string, ...args: readonly string[]): string {
    const state = ['--state-dir', path.join(folder, 'state'), '--json'];
    return shellWords([process.execPath, CTL, ...args, ...state]);
  }

  /** Runs `sendense-ctl`, which is not measured, and gives its object. */
  async ctlJson(folder: string, ...args: readonly string[]): Promise<Record<string, unknown>> {
    const { stdout } = await runShell(this.ctl(folder, ...args), { cwd: folder, env: OUR_ENVIRONMENT });
    return JSON.parse(stdout.split('\n').at(-1) ?? '') as Record<string, unknown>;
  }

  /** Seconds that reading `source` from the cache and writing `bytes` of it to a destination take, flushed. */
  limit(source: string, bytes: number, destination: Destination): Promise<number> {
    const key = `${source} ${bytes} ${destination}`;
    const known = this.#limits.get(key) ?? this.#measureLimit(source, bytes, destination);
    this.#limits.set(key, known);
    return known;
  }

  /** A command as a reader can repeat it: without the folders of this run. */
  readable(command: string): string {
    const places: readonly (readonly [string, string])[] = [
      [shellWords([process.execPath, CTL]), 'sendense-ctl'],
      [this.#folders.memory, '/dev/shm'],
      [this.#folders.disk, '$DISK'],
      [this.#dataFolder, '$DATA'],
      [process.execPath, 'node'],
      [`${root}/`, ''],
    ];
    const named = places.reduce((text, [from, to]) => text.replaceAll(from, to), command);
    return named
      .replaceAll(/(\/|%2F)tmp(\/|%2F)lv-\w{6}/g, '$LIBVIRT')
      .replaceAll(/\/w-\w{6}/g, '')
      .replaceAll(/'([\w$.,:/=-]+)'/g, '$1');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const folder of Object.values(this.#folders)) await rm(folder, { recursive: true, force: true });
  }

  async #measureLimit(source: string, bytes: number, destination: Destination): Promise<number> {
    await using folder = await this.folder(destination);
    const file = path.join(folder.path, 'limit');
    const script = `cat ${shellWords([source])} >/dev/null && head -c ${bytes} ${shellWords([source])} >${file} && ${syncFile(file)}`;
    const seconds: number[] = [];
    for (let run = 0; run < Math.min(LIMIT_RUNS, this.settings.pairs); run++) {
      await rm(file, { force: true });
      await settle();
      seconds.push((await runShell(script, { cwd: folder.path })).seconds);
    }
    return median(seconds);
  }
}

/** Reads a file once, so that it is in the page cache. */
export async function warm(file: string): Promise<void> {
  await stat(file);
  await runShell(`cat ${shellWords([file])} >/dev/null`, { cwd: '/' });
}
