import { SendenseError } from '@sendense/core';
import { type FileHandle, type FileSystem, nodeFileSystem } from '@sendense/plugin-kit/files';

/** Counts what changes the storage, and dies before change number `cutAt`: all after it fail. */
export class CutFileSystem implements FileSystem {
  readonly #cutAt: number;
  changes = 0;

  constructor(cutAt = Number.POSITIVE_INFINITY) {
    this.#cutAt = cutAt;
  }

  get isCut(): boolean {
    return this.changes > this.#cutAt;
  }

  async open(path: string, mode: Parameters<FileSystem['open']>[1]): Promise<FileHandle> {
    if (mode === 'create') this.#change();
    const inner = await nodeFileSystem.open(path, mode);
    return {
      read: (into, position) => inner.read(into, position),
      size: () => inner.size(),
      write: async (data, position) => {
        this.#change();
        await inner.write(data, position);
      },
      truncate: async (sizeBytes) => {
        this.#change();
        await inner.truncate(sizeBytes);
      },
      sync: async () => this.#change(),
      [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
    };
  }

  async rename(from: string, to: string): Promise<void> {
    this.#change();
    await nodeFileSystem.rename(from, to);
  }

  async link(from: string, to: string): Promise<void> {
    this.#change();
    await nodeFileSystem.link(from, to);
  }

  async unlink(path: string): Promise<void> {
    this.#change();
    await nodeFileSystem.unlink(path);
  }

  async makeDirectory(path: string): Promise<void> {
    this.#change();
    await nodeFileSystem.makeDirectory(path);
  }

  async removeDirectory(path: string): Promise<void> {
    this.#change();
    await nodeFileSystem.removeDirectory(path);
  }

  async syncDirectory(): Promise<boolean> {
    this.#change();
    return true;
  }

  list(path: string) {
    return nodeFileSystem.list(path);
  }

  stat(path: string) {
    return nodeFileSystem.stat(path);
  }

  space(path: string) {
    return nodeFileSystem.space(path);
  }

  realPath(path: string) {
    return nodeFileSystem.realPath(path);
  }

  #change(): void {
    if (this.changes++ < this.#cutAt) return;
    throw new SendenseError('UNEXPECTED', 'the process died', { operation: 'test' });
  }
}
