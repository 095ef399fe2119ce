import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Finding } from '@sendense/core';
import type { MountedVolume, MountOptions } from '../../src/index.ts';

/** What a process that mounts tells first. */
export type Told = {
  readonly id: string;
  readonly path: string;
  readonly volumes: readonly MountedVolume[];
  readonly findings: readonly Finding[];
  readonly error?: { readonly code: string; readonly message: string; readonly remedy?: string };
};

/** What it tells when the mount has ended, or could not be taken away. */
export type Last = Pick<Told, 'error'> & { readonly end?: string; readonly findings?: readonly Finding[] };

/** A process that keeps a mount. Disposing ends it as a person would. */
export class Keeper implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly told: Told;
  readonly #lines: AsyncIterator<string>;
  readonly #closed: Promise<unknown>;

  private constructor(
    child: ChildProcess,
    told: Told,
    lines: AsyncIterator<string>,
    closed: Promise<unknown>,
  ) {
    this.child = child;
    this.told = told;
    this.#lines = lines;
    this.#closed = closed;
  }

  /** Starts it, and waits until it has mounted the disks, or has told why not and ended. */
  static async start(options: MountOptions, ...disks: readonly string[]): Promise<Keeper> {
    const program = fileURLToPath(new URL('../mount-process.ts', import.meta.url));
    const child = spawn(
      process.execPath,
      [
        ...process.execArgv,
        program,
        JSON.stringify({ trustImage: true, dedicated: true, ...options }),
        ...disks,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const closed = once(child, 'close');
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.value === undefined) throw new Error('the process ended before it told anything');
    const told = JSON.parse(first.value) as Told;
    // nothing is kept: it ends by itself, and is no rest of a mount
    if (told.error !== undefined) await closed;
    return new Keeper(child, told, lines, closed);
  }

  /** What it tells last, once it has ended. */
  async last(): Promise<Last> {
    const { value } = (await this.#lines.next()) as IteratorResult<string, undefined>;
    await this.#closed;
    return JSON.parse(value ?? '{}') as Last;
  }

  /** Why the mount ended, once it has. */
  async end(): Promise<string> {
    return (await this.last()).end ?? 'nothing told';
  }

  /** Kills it: it can tidy nothing up. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGTERM');
    await this.#closed;
  }
}
