import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BlockReader, RestoreResult } from '@sendense/core';
import { openVmdk } from '@sendense/formats/vmdk';
import { createOvaTarget, type OvaTargetOptions, type OvaTargetServices } from '@sendense/target-vmware';
import type { TargetFixture } from '@sendense/testkit';

/** The two ways in which a package lies on the storage. */
export const LAYOUTS = ['archive', 'folder'] as const;

/** See {@link LAYOUTS}. */
export type Layout = (typeof LAYOUTS)[number];

const BLOCK = 512;

/** A file of an archive, and where its bytes begin. */
export type Member = { readonly name: string; readonly offset: number; readonly bytes: Buffer };

/** The files of a USTAR archive, in their order. Throws where it ends without two blocks of zeros. */
export function membersOf(archive: Buffer): readonly Member[] {
  const members: Member[] = [];
  for (let at = 0; ; ) {
    const header = archive.subarray(at, at + BLOCK);
    if (header.byteLength < BLOCK) throw new Error('the archive has no end');
    if (header.every((byte) => byte === 0)) return members;
    const name = header.subarray(0, 100).toString('latin1').replace(/\0.*/s, '');
    const size = Number.parseInt(header.subarray(124, 135).toString('latin1'), 8);
    const offset = at + BLOCK;
    members.push({ name, offset, bytes: archive.subarray(offset, offset + size) });
    at = offset + Math.ceil(size / BLOCK) * BLOCK;
  }
}

/** A folder for packages of one test, which goes with it. */
export class PackageBench implements AsyncDisposable {
  readonly folder: string;
  readonly layout: Layout;

  private constructor(folder: string, layout: Layout) {
    this.folder = folder;
    this.layout = layout;
  }

  static async open(layout: Layout): Promise<PackageBench> {
    return new PackageBench(await mkdtemp(join(tmpdir(), 'sendense-ovf-')), layout);
  }

  /** Where the package comes to lie. */
  get path(): string {
    return join(this.folder, this.layout === 'archive' ? 'web.ova' : 'web');
  }

  target(options: Partial<OvaTargetOptions> = {}, services: OvaTargetServices = {}) {
    const path = this.layout === 'archive' ? this.path : `${this.path}/`;
    return createOvaTarget({ path, ...options }, services);
  }

  /** The finished package as a folder of files. */
  async unpacked(): Promise<string> {
    if (this.layout === 'folder') return this.path;
    const folder = await mkdtemp(join(this.folder, 'unpacked-'));
    for (const { name, bytes } of membersOf(await readFile(this.path)))
      await writeFile(join(folder, name), bytes);
    return folder;
  }

  /** A reader of disk `number` of the finished package. */
  async restored({ disks }: RestoreResult, number: number): Promise<BlockReader> {
    const name = disks[number]?.location.split('/').at(-1) ?? '';
    const folder = await this.unpacked();
    const reader = await openVmdk(join(folder, name));
    if (this.layout === 'folder') return reader;
    const bytes = new Uint8Array(reader.sizeBytes);
    await reader.read(0, bytes);
    await reader[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
    return memoryReader(bytes);
  }

  /** Everything that is there. */
  async objects(): Promise<readonly string[]> {
    return (await readdir(this.folder, { recursive: true })).toSorted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}

function memoryReader(content: Uint8Array): BlockReader {
  return {
    sizeBytes: content.byteLength,
    limits: { alignmentBytes: 1, maxBytes: 2 ** 20, maxInFlight: 1, order: 'random' },
    read: async (offset, into) => into.set(content.subarray(offset, offset + into.byteLength)),
    async *extents({ offset, length }) {
      if (length > 0) yield { offset, length, kind: 'data' };
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** An empty place for the cases of the contract. */
export async function openPackageFixture(layout: Layout): Promise<TargetFixture> {
  const bench = await PackageBench.open(layout);
  return {
    target: bench.target(),
    options: {},
    restored: (result, number) => bench.restored(result, number),
    reopen: async () => bench.target(),
    objects: () => bench.objects(),
    [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
  };
}
