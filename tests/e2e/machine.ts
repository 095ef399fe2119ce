import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { RecoveryPoint } from '@sendense/core';
import { openLocalRepository } from '@sendense/repository-local';
import { ctlJson } from '../../packages/cli/test/run-ctl.ts';
import { compareImages, createImage, type GuestWrite, guestWrites, toRaw } from './qemu.ts';

/** A stopped machine with one QCOW2 disk, in a folder that is also the home of the command line. */
export class Machine implements AsyncDisposable {
  readonly home: string;
  readonly disk: string;
  readonly #truths = new Map<string, string>();
  #copies = 0;
  #now = '';

  private constructor(home: string) {
    this.home = home;
    this.disk = path.join(home, 'disk.qcow2');
  }

  static async create(sizeBytes: number): Promise<Machine> {
    const machine = new Machine(await mkdtemp(path.join(tmpdir(), 'sendense-e2e-')));
    await createImage(machine.disk, sizeBytes);
    return machine;
  }

  /** The guest writes; what the disk holds from then on is kept as the truth. */
  async write(writes: readonly GuestWrite[]): Promise<void> {
    await guestWrites(this.disk, writes);
    this.#copies += 1;
    this.#now = path.join(this.home, `truth-${this.#copies}.raw`);
    await toRaw(this.disk, this.#now);
  }

  /** Runs `sendense-ctl ARGS --repository REPOSITORY --json`, which must succeed. */
  ctl(repository: string, ...args: string[]): Promise<Record<string, unknown>> {
    return ctlJson(this.home, [...args, '--repository', repository]);
  }

  /** Backs the disk up by the command line. */
  async backup(repository: string, ...args: string[]): Promise<Record<string, unknown>> {
    const made = await this.ctl(repository, 'backup', 'start', '--source', 'image:disk.qcow2', ...args);
    this.holdsNow(String(made.pointId));
    return made;
  }

  /** Remembers that a point must hold what the disk holds now. */
  holdsNow(point: string): void {
    this.#truths.set(point, this.#now);
  }

  /** The raw file with what a point must hold. */
  truthOf(point: string): string {
    const truth = this.#truths.get(point);
    if (truth === undefined) throw new Error(`nobody said what point ${point} must hold`);
    return truth;
  }

  knows(point: string): boolean {
    return this.#truths.has(point);
  }

  /** The committed points of a repository, oldest first. */
  async points(repository: string): Promise<RecoveryPoint[]> {
    await using open = await openLocalRepository({ path: path.join(this.home, repository) });
    const points: RecoveryPoint[] = [];
    for await (const point of open.points()) points.push(point);
    return points;
  }

  /** What qemu-img says against the committed points of a repository: nothing when each one holds its truth. */
  async differences(repository: string): Promise<string[]> {
    const wrong: string[] = [];
    for (const { id, kind, disks } of await this.points(repository)) {
      const file = disks[0]?.path ?? '';
      const found = await compareImages(
        { path: this.truthOf(id), format: 'raw' },
        { path: file, format: 'qcow2' },
      );
      if (found !== 'Images are identical.') wrong.push(`${kind} ${file}: ${found}`);
    }
    return wrong;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.home, { recursive: true, force: true });
  }
}
