import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DiskView, PointId, RecoveryPoint, Repository } from '@sendense/core';
import { collect } from '@sendense/testkit';
import { execa } from 'execa';

/** What the disks of a point must hold, in the order of their slots. */
export type Contents = readonly Buffer[];

/** The points that one repository must hold. */
export class ExpectedPoints {
  readonly #contents = new Map<PointId, Contents>();

  get size(): number {
    return this.#contents.size;
  }

  add(point: PointId, contents: Contents): void {
    this.#contents.set(point, contents);
  }

  remove(points: Iterable<PointId>): void {
    for (const point of points) this.#contents.delete(point);
  }

  /**
   * After a process died: points of `going` may be there or not, one that nobody knows is of the run that died and holds
   * what the disks hold `now`. All others must be there.
   */
  async adopt(repository: Repository, going: ReadonlySet<PointId>, now: Contents | null): Promise<void> {
    const found = new Set((await collect(repository.points())).map(({ id }) => id));
    for (const id of this.#contents.keys()) {
      if (found.has(id)) continue;
      assert.ok(going.has(id), `point ${id} is lost`);
      this.#contents.delete(id);
    }
    const unknown = [...found].filter((id) => !this.#contents.has(id));
    assert.ok(unknown.length <= (now === null ? 0 : 1), `points ${unknown.join(', ')} come from nowhere`);
    for (const id of unknown) this.#contents.set(id, now ?? []);
  }

  /** Compares every point with what it must hold, byte for byte, through our reader. */
  async expectBytes(repository: Repository): Promise<void> {
    const points = await this.#expectPoints(repository);
    for (const { id, kind } of points) {
      await using reader = await repository.open(id);
      for (const [index, disk] of reader.disks.entries()) {
        const same = this.#contentOf(id, index).equals(await bytesOf(disk));
        assert.ok(same, `disk ${index} of ${kind} ${id} has other bytes than were backed up`);
      }
    }
  }

  /** The same through plain `qemu-img`, which knows nothing of us; resolves with the number of images it compared. */
  async expectQemuBytes(repository: Repository, scratch: string): Promise<number> {
    let images = 0;
    const truth = join(scratch, 'truth.raw');
    const points = await this.#expectPoints(repository);
    for (const { id, kind, disks } of points) {
      for (const [index, { path }] of disks.entries()) {
        const content = this.#contentOf(id, index);
        await writeFile(truth, content);
        const what = `disk ${index} of ${kind} ${id}`;
        assert.equal(await qemuCompare(path ?? '', truth), '', `${what}, by qemu-img compare`);
        images += 1;
        // A comparison overlooks zeros at the end that are too many: what the newest point is restored to is looked at.
        if (id !== points.at(-1)?.id) continue;
        await execa('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', path ?? '', truth]);
        assert.ok(content.equals(await readFile(truth)), `${what}, by qemu-img convert`);
      }
    }
    await rm(truth, { force: true });
    return images;
  }

  async #expectPoints(repository: Repository): Promise<readonly RecoveryPoint[]> {
    const points = await collect(repository.points());
    assert.deepEqual(points.map(({ id }) => id).toSorted(), [...this.#contents.keys()].toSorted());
    return points;
  }

  #contentOf(point: PointId, disk: number): Buffer {
    return this.#contents.get(point)?.[disk] ?? assert.fail(`disk ${disk} of ${point} is not expected`);
  }
}

async function bytesOf({ reader, sizeBytes }: DiskView): Promise<Buffer> {
  const bytes = Buffer.alloc(sizeBytes);
  for (let offset = 0; offset < sizeBytes; offset += reader.limits.maxBytes)
    await reader.read(offset, bytes.subarray(offset, offset + reader.limits.maxBytes));
  return bytes;
}

async function qemuCompare(image: string, raw: string): Promise<string> {
  const args = ['compare', '-f', 'qcow2', '-F', 'raw', image, raw];
  const { stdout, stderr, exitCode } = await execa('qemu-img', args, { reject: false });
  return exitCode === 0 ? '' : `${stdout}${stderr}`;
}
