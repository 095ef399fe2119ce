import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MountOptions, reconcileMounts } from '../../src/index.ts';
import { Keeper } from './keeper.ts';
import { run } from './program.ts';
import { type Attached, devicesAt, isAttached, restsOf } from './rests.ts';

/** A folder for the disks and mounts of a test. Disposing ends the processes that mounted, then takes all of it away. */
export class Scene implements AsyncDisposable {
  readonly folder: string;
  readonly #keepers: Promise<Keeper>[] = [];
  readonly #shown = new Set<string>();
  readonly #devices: Attached[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** `name`: a part of the name of its folder. */
  static async open(name = ''): Promise<Scene> {
    return new Scene(await mkdtemp(join(tmpdir(), `sendense-mount-${name}`)));
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

  /** The same by a driver beside the kernel, which is a program that takes a device. */
  async fillBy(program: string, image: string, fill: (mount: string) => Promise<void>): Promise<void> {
    const mount = `${image}.filled`;
    await mkdir(mount, { recursive: true });
    // over a block device unmounting ends when all is written; over a file it does not wait
    const device = run('losetup', ['--find', '--show', image]).trim();
    try {
      run(program, [device, mount]);
      try {
        await fill(mount);
      } finally {
        run('umount', [mount]);
      }
    } finally {
      run('losetup', ['--detach', device]);
    }
  }

  /** A process that mounts disks, recorded in the folder of this scene; the scene ends it. */
  async mount(options: Omit<MountOptions, 'directory'>, ...disks: readonly string[]): Promise<Keeper> {
    const started = Keeper.start({ ...options, directory: this.directory }, ...disks);
    this.#keepers.push(started);
    const keeper = await started;
    if (keeper.told.error !== undefined) return keeper;
    this.#shown.add(keeper.told.path);
    this.#devices.push(...devicesAt([keeper.told.path]));
    return keeper;
  }

  /** What is left of all mounts of this scene: what is mounted, loop devices also without a name, programs. */
  rests(): readonly string[] {
    const devices = this.#devices.filter(isAttached).map(({ device }) => device);
    return [...restsOf(this.directory, ...this.#shown), ...devices];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const started of await Promise.allSettled(this.#keepers))
      if (started.status === 'fulfilled') await started.value[Symbol.asyncDispose]();
    await reconcileMounts(this.directory);
    await rm(this.folder, { recursive: true, force: true });
  }
}
