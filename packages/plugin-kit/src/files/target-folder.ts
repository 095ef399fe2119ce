import { basename, dirname, join, resolve } from 'node:path';
import { SendenseError } from '@sendense/core';
import type { FileSystem } from './file-system.ts';
import { publishFile } from './publish-file.ts';
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

  /**
   * Gives the finished, durable files their names, the main file's last; resolves with the bytes of all. Rejects with
   * `ALREADY_EXISTS` before the first, unless `overwrite`, and then by {@link refuseReplacing} with `kept`.
   */
  async publish(overwrite: boolean, kept: ReadonlySet<string>): Promise<number> {
    const last = basename(this.#target);
    const names = (await this.#fileSystem.list(this.path)).filter((name) => !name.startsWith('.'));
    const moves = [...names.filter((name) => name !== last), last].map((name) => ({
      from: join(this.path, name),
      to: join(dirname(this.#target), name),
    }));
    let sizeBytes = 0;
    for (const { from, to } of moves) {
      if (overwrite) await refuseReplacing(this.#fileSystem, to, kept);
      else await refuseExisting(this.#fileSystem, to);
      sizeBytes += (await this.#fileSystem.stat(from))?.sizeBytes ?? 0;
    }
    for (const move of moves) await publishFile(this.#fileSystem, { ...move, overwrite, isPublished: false });
    return sizeBytes;
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

/** Rejects with `ALREADY_EXISTS` when something has the name. */
export async function refuseExisting(fileSystem: FileSystem, path: string): Promise<void> {
  if ((await fileSystem.stat(path)) === undefined) return;
  throw new SendenseError('ALREADY_EXISTS', `${path} already exists`, {
    operation: 'check-target',
    remedy: 'choose another name, or allow it to be overwritten',
    context: { path },
  });
}

/** The identities of files, by which other names of them are known; of what is not there, nothing. */
export async function identitiesOf(
  fileSystem: FileSystem,
  paths: readonly string[],
): Promise<ReadonlySet<string>> {
  const found = await Promise.all(paths.map((path) => fileSystem.stat(path)));
  return new Set(found.flatMap((status) => status?.identity ?? []));
}

/** Rejects with `CONFIG_INVALID` when what has the name is no file, or one whose identity is in `kept`: it is being read. */
export async function refuseReplacing(
  fileSystem: FileSystem,
  path: string,
  kept: ReadonlySet<string>,
): Promise<void> {
  const there = await fileSystem.stat(path);
  if (there === undefined) return;
  const refused = (why: string, remedy: string) =>
    new SendenseError('CONFIG_INVALID', `${path} ${why}`, {
      operation: 'check-target',
      remedy,
      context: { path },
    });
  if (there.kind !== 'file') throw refused('is there and is no file', 'choose another name');
  if (kept.has(there.identity)) throw refused('belongs to what is converted', 'convert to another name');
}
