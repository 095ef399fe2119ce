import type { FileSystem } from '@sendense/plugin-kit/files';
import { type FileVersion, fileVersion, isSameVersion } from './file-version.ts';

/** Watches of this process: an edit of ours tells them that the new version holds the same guest bytes. */
const watches = new Set<ImageWatch>();

/**
 * Notices whether the files of an image change while they are read: by identity, size and time of the last write.
 * Bitmap edits of this process are no change.
 */
export class ImageWatch {
  readonly #fileSystem: FileSystem;
  readonly #versions = new Map<string, FileVersion>();

  constructor(fileSystem: FileSystem) {
    this.#fileSystem = fileSystem;
    watches.add(this);
  }

  /** The versions at the start, top file first. */
  get versions(): readonly FileVersion[] {
    return [...this.#versions.values()];
  }

  /** The files, through which every file that is opened is watched from before its first read. */
  get fileSystem(): FileSystem {
    const inner = this.#fileSystem;
    return {
      open: async (path, mode) => {
        if (!this.#versions.has(path)) this.#versions.set(path, await fileVersion(inner, path));
        return await inner.open(path, mode);
      },
      rename: (from, to) => inner.rename(from, to),
      link: (from, to) => inner.link(from, to),
      unlink: (path) => inner.unlink(path),
      makeDirectory: (path) => inner.makeDirectory(path),
      removeDirectory: (path) => inner.removeDirectory(path),
      list: (path) => inner.list(path),
      stat: (path) => inner.stat(path),
      syncDirectory: (path) => inner.syncDirectory(path),
      space: (path) => inner.space(path),
      realPath: (path) => inner.realPath(path),
    };
  }

  /** The first file that is not what it was, or `undefined`. */
  async changedFile(): Promise<string | undefined> {
    for (const [path, version] of this.#versions) {
      const now = await fileVersion(this.#fileSystem, path).catch(() => undefined);
      if (!isSameVersion(version, now)) return path;
    }
    return undefined;
  }

  /** Takes `after` for `before`: an edit that left the guest bytes alone. */
  accept(before: FileVersion, after: FileVersion): void {
    if (isSameVersion(before, this.#versions.get(before.path))) this.#versions.set(after.path, after);
  }

  /** Ends the watch: edits of this process are told to it no more. */
  close(): void {
    watches.delete(this);
  }
}

/** Tells every watch of this process that `after` holds the guest bytes of `before`. */
export function acceptEdit(before: FileVersion, after: FileVersion): void {
  for (const watch of watches) watch.accept(before, after);
}
