import { dirname } from 'node:path';
import type { Finding, PlannedDisk, RollbackReport } from '@sendense/core';
import { publishFile } from '@sendense/plugin-kit/files';
import type { PackageScope } from './package-context.ts';
import { packageFiles, roomOf, type SmallFile } from './package-files.ts';
import type { DiskPlace, PackageLayout } from './package-layout.ts';
import type { PackageRoom } from './package-memory.ts';
import { diskFileName, partialPackage } from './package-place.ts';
import { TAR_BLOCK_BYTES, tarBlocks, tarHeader, tarSize } from './tar-header.ts';

/**
 * One archive: descriptor, manifest, disks, in the order of DSP0243 ("Distribution as a single file"). Room for the first two is
 * left, because they tell of the disks; each disk is written where it stays, one after another, and its header when its size is known.
 */
export function archiveLayout(scope: PackageScope): PackageLayout {
  return new ArchiveLayout(scope);
}

class ArchiveLayout implements PackageLayout {
  readonly room: PackageRoom;
  readonly #scope: PackageScope;
  readonly #path: string;

  constructor(scope: PackageScope) {
    this.#scope = scope;
    this.#path = partialPackage(scope.place, scope.plan.id);
    const { ovfBytes, mfBytes } = roomOf(scope);
    const headBytes = 2 * TAR_BLOCK_BYTES + tarBlocks(ovfBytes) + tarBlocks(mfBytes);
    this.room = { ovfBytes, headBytes };
  }

  async create(): Promise<void> {
    const { fileSystem } = this.#scope.context;
    await this.remove();
    await using handle = await fileSystem.open(this.#path, 'create');
    await handle.truncate(this.room.headBytes);
    await fileSystem.syncDirectory(dirname(this.#path));
  }

  async begin(): Promise<DiskPlace> {
    // what a disk that was cut off left behind this place is written over, and cut off by `finish`
    return { path: this.#path, offset: this.#end() + TAR_BLOCK_BYTES };
  }

  async end({ number }: PlannedDisk, { offset }: DiskPlace, sizeBytes: number): Promise<void> {
    await using handle = await this.#open();
    const header = this.#header(diskFileName(this.#scope.place, number), sizeBytes);
    await handle.write(header, offset - TAR_BLOCK_BYTES);
  }

  file(_disk: PlannedDisk, path: string): string {
    return path;
  }

  async finish(): Promise<void> {
    const { ovf, mf } = packageFiles(this.#scope, this.room.ovfBytes);
    await using handle = await this.#open();
    const head = Buffer.concat([...this.#member(ovf), ...this.#member(mf)]);
    await handle.write(head, 0);
    await handle.truncate(this.#end());
    await handle.truncate(tarSize(this.#end()));
    await handle.sync();
  }

  async publish(isPublished: boolean): Promise<readonly Finding[]> {
    const { context, place, plan } = this.#scope;
    const { overwrite } = plan;
    await publishFile(context.fileSystem, { from: this.#path, to: place.path, overwrite, isPublished });
    return [];
  }

  async remove(): Promise<RollbackReport> {
    const { fileSystem } = this.#scope.context;
    if ((await fileSystem.stat(this.#path)) === undefined) return { removed: [], findings: [], undone: true };
    await fileSystem.unlink(this.#path);
    return { removed: [this.#path], findings: [], undone: true };
  }

  #open() {
    return this.#scope.context.fileSystem.open(this.#path, 'read-write');
  }

  /** Where the last whole disk ends. */
  #end(): number {
    const { plan, memory } = this.#scope;
    const ends = plan.disks.flatMap(({ id }) => {
      const whole = memory.disk(id);
      return whole === undefined ? [] : [whole.offset + tarBlocks(whole.sizeBytes)];
    });
    return Math.max(this.room.headBytes, ...ends);
  }

  #header(name: string, sizeBytes: number): Uint8Array {
    return tarHeader(name, sizeBytes, this.#scope.memory.begunMs);
  }

  #member({ name, bytes }: SmallFile): Uint8Array[] {
    const rest = new Uint8Array(tarBlocks(bytes.byteLength) - bytes.byteLength);
    return [this.#header(name, bytes.byteLength), bytes, rest];
  }
}
