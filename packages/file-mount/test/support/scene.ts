import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reconcileMounts } from '../../src/index.ts';
import { run } from './program.ts';

/** A folder for the disks and mounts of one test file. Disposing takes all of it away. */
export class Scene implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(): Promise<Scene> {
    return new Scene(await mkdtemp(join(tmpdir(), 'sendense-mount-')));
  }

  /** Where mounts are recorded. */
  get directory(): string {
    return this.at('mounts');
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  /** A sparse file. */
  blank(name: string, size: string): string {
    run('truncate', ['--size', size, this.at(name)]);
    return this.at(name);
  }

  /** Mounts an image for writing, lets `fill` work in it, and unmounts it. */
  async fill(
    image: string,
    options: readonly string[],
    fill: (mount: string) => Promise<void>,
  ): Promise<void> {
    const mount = `${image}.filled`;
    await mkdir(mount, { recursive: true });
    run('mount', [...options, image, mount]);
    try {
      await fill(mount);
    } finally {
      run('umount', [mount]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await reconcileMounts(this.directory);
    await rm(this.folder, { recursive: true, force: true });
  }
}
