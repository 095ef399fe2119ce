import assert from 'node:assert/strict';
import { join } from 'node:path';
import { openCatalog } from '@sendense/catalog';
import {
  type Clock,
  type Journal,
  type PluginServices,
  type Random,
  type Repository,
  type SourceConnector,
  systemServices,
} from '@sendense/core';
import { createEngine, type Engine } from '@sendense/engine';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { openLocalRepository } from '@sendense/repository-local';
import { type CrashingFileSystem, crashingFileSystem, createTestClock } from '@sendense/testkit';
import { mortalSource } from './mortal-source.ts';
import { trackFiles } from './tracked-files.ts';

/** What a process works with. */
export type Process = {
  readonly engine: Engine;
  readonly source: SourceConnector;
  readonly repository: Repository;
};

/** Opens the source of a process. */
export type OpenSource = (
  services: PluginServices & { readonly fileSystem: CrashingFileSystem },
) => SourceConnector;

/** How a run of a process ended. */
export type Run<T> =
  | { readonly died: true }
  | { readonly died: false; readonly value: T }
  | { readonly died: false; readonly error: unknown };

/** Where a process dies: the number of the change (to a file or the journal), and how much of a write still lands. */
export type Cut = { readonly cutAt: number; readonly tornBytes: number };

/** Longer than any lock of a dead process is respected. */
const BETWEEN_PROCESSES_MS = 120_000;

/** A host that runs one process after another, each over the same disks, repositories and journal. */
export class Host implements AsyncDisposable {
  readonly #folder: string;
  readonly #openSource: OpenSource;
  readonly #random: Random;
  readonly #clock = createTestClock(new Date());
  /** Sources of processes that died: what they made on the platform stays. */
  readonly #zombies: AsyncDisposable[] = [];

  constructor(folder: string, openSource: OpenSource, random: Random) {
    this.#folder = folder;
    this.#openSource = openSource;
    this.#random = random;
  }

  /**
   * Runs `work` in a process of its own, on the repository in `place`; with `cut` it dies there. Fails when it leaves a
   * file open, whatever went wrong in it.
   */
  async run<T>(place: string, cut: Cut | null, work: (process: Process) => Promise<T>): Promise<Run<T>> {
    this.#clock.advance(BETWEEN_PROCESSES_MS);
    const files = trackFiles(nodeFileSystem);
    const fileSystem = crashingFileSystem(files.fileSystem, cut ?? { cutAt: Number.MAX_SAFE_INTEGER });
    const run = await this.#work(place, fileSystem, this.#clock, work).then(
      (value): Run<T> => (fileSystem.dead ? { died: true } : { died: false, value }),
      (error: unknown): Run<T> => (fileSystem.dead ? { died: true } : { died: false, error }),
    );
    assert.deepEqual([...files.open.values()], [], 'files were left open');
    return run;
  }

  /** Lets go what dead processes still hold here; to be called when their machine is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const zombie of this.#zombies) await zombie[Symbol.asyncDispose]();
  }

  async #work<T>(
    place: string,
    fileSystem: CrashingFileSystem,
    clock: Clock,
    work: (process: Process) => Promise<T>,
  ): Promise<T> {
    const services = systemServices({ clock, random: this.#random });
    await using catalog = await openCatalog({ path: join(this.#folder, 'catalog.db'), clock });
    const moments = join(this.#folder, 'moments');
    const journal = mortalJournal(catalog.journal, fileSystem, moments);
    const engine = createEngine({ journal, services });
    const opened = this.#openSource({ ...services, fileSystem });
    await using source = mortalSource(opened, fileSystem, moments, this.#zombies);
    await using repository = await openLocalRepository({ path: place }, { ...services, fileSystem });
    return await work({ engine, source, repository });
  }
}

/** The journal of a process that can die: before each write, or after it without hearing the answer. */
function mortalJournal(journal: Journal, fileSystem: CrashingFileSystem, path: string): Journal {
  // Counts as a change of a file and does no harm: the moments of the journal are numbered among the others.
  const moment = () => fileSystem.makeDirectory(path);
  return {
    read: async (...args) => {
      await fileSystem.stat(path);
      return journal.read(...args);
    },
    async *list(...args) {
      await fileSystem.stat(path);
      yield* journal.list(...args);
    },
    write: async (...args) => {
      await moment();
      const revision = await journal.write(...args);
      await moment();
      return revision;
    },
  };
}
