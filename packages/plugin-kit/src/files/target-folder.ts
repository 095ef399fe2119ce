import { basename, dirname, join, resolve } from 'node:path';
import { SendenseError } from '@sendense/core';
import type { FileSystem } from './file-system.ts';
import { type Publication, publishFile } from './publish-file.ts';
import { removeIfEmpty } from './token-lock.ts';

/**
 * Where a file, and others that it names, are written before they get their names: a folder beside the place, in which each
 * has its final name already. Names that begin with a dot are the owner's own notes and are never published.
 */
export class TargetFolder {
  /** The main file, while it is unfinished. */
  readonly file: string;
  readonly path: string;
  readonly #fileSystem: FileSystem;
  readonly #target: string;

  /** `target`: final path of the main file; `suffix`: what tells the folder from it, such as `.partial`. */
  constructor(fileSystem: FileSystem, target: string, suffix: string) {
    this.#fileSystem = fileSystem;
    this.#target = target;
    this.path = `${target}${suffix}`;
    this.file = join(this.path, basename(target));
  }

  /** Makes the folder; resolves when it is there already. */
  async make(): Promise<void> {
    await this.#fileSystem.makeDirectory(this.path);
  }

  /** The files and the names that they get, the main file's last. */
  async moves(): Promise<readonly Pick<Publication, 'from' | 'to'>[]> {
    const last = basename(this.#target);
    const names = (await this.#fileSystem.list(this.path)).filter((name) => !name.startsWith('.'));
    return [...names.filter((name) => name !== last), last].map((name) => ({
      from: join(this.path, name),
      to: join(dirname(this.#target), name),
    }));
  }

  /**
   * Gives the finished, durable files their names, the main file's last; resolves with the bytes of all. Rejects as
   * {@link refuseTaken} does, before the first.
   */
  async publish(overwrite: boolean, kept: ReadonlySet<string>): Promise<number> {
    const moves = await this.moves();
    let sizeBytes = 0;
    for (const { from, to } of moves) {
      await refuseTaken(this.#fileSystem, to, { overwrite, kept });
      sizeBytes += (await this.#fileSystem.stat(from))?.sizeBytes ?? 0;
    }
    for (const move of moves) await publishFile(this.#fileSystem, { ...move, overwrite, isPublished: false });
    return sizeBytes;
  }

  /** Makes a published file unfinished again, by the name that it got. */
  async takeBack(published: string): Promise<void> {
    const unfinished = join(this.path, basename(published));
    if ((await this.#fileSystem.stat(unfinished)) === undefined) {
      await this.#fileSystem.rename(published, unfinished);
      await this.#fileSystem.syncDirectory(this.path);
    } else {
      // Cut off between its two names.
      await this.#fileSystem.unlink(published);
    }
    await this.#fileSystem.syncDirectory(dirname(published));
  }

  /** Removes everything in the folder, which stays. The owner's notes go last: until then they say whose the rest is. */
  async empty(): Promise<void> {
    const names = await this.#fileSystem.list(this.path);
    const notes = names.filter((name) => name.startsWith('.'));
    for (const name of [...names.filter((one) => !notes.includes(one)), ...notes])
      await this.#fileSystem.unlink(join(this.path, name));
  }

  /** Removes the folder with everything in it. */
  async remove(): Promise<void> {
    if ((await this.#fileSystem.stat(this.path)) === undefined) return;
    await this.empty();
    await removeIfEmpty(this.#fileSystem, this.path);
  }
}

/** The absolute path that a new file will have, its folder without symbolic links. Rejects with `NOT_FOUND` without one. */
export async function resolveTarget(fileSystem: FileSystem, path: string): Promise<string> {
  const absolute = resolve(path);
  return join(await fileSystem.realPath(dirname(absolute)), basename(absolute));
}

/** The identities of files, by which other names of them are known; of what is not there, nothing. */
export async function identitiesOf(
  fileSystem: FileSystem,
  paths: readonly string[],
): Promise<ReadonlySet<string>> {
  const found = await Promise.all(paths.map((path) => fileSystem.stat(path)));
  return new Set(found.flatMap((status) => status?.identity ?? []));
}

/**
 * Rejects with `ALREADY_EXISTS` when something has the name; with `overwrite` only with `CONFIG_INVALID`, for what is no file, and
 * for a file whose identity is in `kept`: it is being read.
 */
export async function refuseTaken(
  fileSystem: FileSystem,
  path: string,
  { overwrite, kept }: { readonly overwrite: boolean; readonly kept: ReadonlySet<string> },
): Promise<void> {
  const there = await fileSystem.stat(path);
  if (there === undefined) return;
  const refused = (code: 'ALREADY_EXISTS' | 'CONFIG_INVALID', why: string, remedy: string) =>
    new SendenseError(code, `${path} ${why}`, { operation: 'check-target', remedy, context: { path } });
  if (!overwrite)
    throw refused('ALREADY_EXISTS', 'already exists', 'choose another name, or allow it to be overwritten');
  if (there.kind !== 'file')
    throw refused('CONFIG_INVALID', 'is there and is no file', 'choose another name');
  if (kept.has(there.identity))
    throw refused('CONFIG_INVALID', 'belongs to what is converted', 'convert to another name');
}
