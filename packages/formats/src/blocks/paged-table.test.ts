import type { FileHandle } from '@sendense/plugin-kit/files';
import { describe, expect, it } from 'vitest';
import { MemoryFileSystem } from '../../test/memory-file-system.ts';
import { TABLE_PAGE_BYTES } from '../chain/table-pages.ts';
import { BlockImageWriter } from './block-image-writer.ts';
import { PagedTable } from './paged-table.ts';

/** Pages of the table: more than are in memory at once. */
const PAGES = 70;
const LENGTH = PAGES * TABLE_PAGE_BYTES;
const later = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A file whose reads take a while. */
async function slowFile(): Promise<{ readonly handle: FileHandle; readonly bytes: () => Uint8Array }> {
  const fileSystem = new MemoryFileSystem();
  const file = await fileSystem.open('/table', 'create');
  const read: FileHandle['read'] = async (into, position) => {
    await later();
    return file.read(into, position);
  };
  return { handle: { ...file, read }, bytes: () => fileSystem.files.get('/table') ?? new Uint8Array() };
}

describe('PagedTable', () => {
  it('keeps all changes of a page that several calls load at the same time', async () => {
    const { handle, bytes } = await slowFile();
    const table = new PagedTable({ handle, offset: 0, length: LENGTH, fill: 0 });
    const set = (at: number) => table.change(at, (slot) => slot.view.setUint8(slot.at, 1));
    // Page 0 goes to the file, and out of memory.
    for (let page = 0; page < PAGES; page += 1) await set(page * TABLE_PAGE_BYTES);
    await Promise.all([set(1), table.read(2), set(3), later().then(() => set(4))]);
    await table.write();
    expect([...bytes().subarray(0, 5)]).toEqual([1, 1, 0, 1, 1]);
    const firsts = Array.from({ length: PAGES }, (_, page) => bytes()[page * TABLE_PAGE_BYTES]);
    expect(firsts.every((byte) => byte === 1)).toBe(true);
  });
});

it('a table of a valid image gets no page before what that refers to is durable, also when pages leave the memory', async () => {
  const fileSystem = new MemoryFileSystem();
  const handle = await fileSystem.open('/table', 'create');
  const table = new PagedTable({ handle, offset: 0, length: LENGTH, fill: 0 });
  await table.write();
  fileSystem.operations.length = 0;
  const set = (page: number) =>
    table.change(page * TABLE_PAGE_BYTES, (slot) => slot.view.setUint8(slot.at, 1));
  for (let page = 0; page < PAGES; page += 1) await set(page);
  const kinds = fileSystem.operations.map(({ kind }) => kind);
  expect(kinds).toEqual(Array.from({ length: 6 }, () => ['sync', 'write']).flat());
});

describe('BlockImageWriter', () => {
  it('completes the image when no write is under way, and lets none begin meanwhile', async () => {
    const steps: string[] = [];
    const { handle } = await slowFile();
    const write: FileHandle['write'] = async () => {
      steps.push('write');
      await later();
      steps.push('written');
    };
    const complete = async () => {
      steps.push('complete');
      await later();
      steps.push('completed');
    };
    const places = {
      blockBytes: 4096,
      endBytes: 0,
      find: () => 0,
      next: (block: number) => block,
      take: async () => 0,
      giveBack: () => undefined,
      resume: async () => undefined,
      refer: async () => undefined,
    };
    const options = { handle: { ...handle, write }, sizeBytes: 4096, alignmentBytes: 512, places, complete };
    await using writer = new BlockImageWriter(options);
    const data = new Uint8Array(512);
    await Promise.all([
      writer.write(0, data),
      later().then(() => Promise.all([writer.flush(), writer.write(512, data)])),
    ]);
    expect(steps).toEqual(['write', 'written', 'complete', 'completed', 'write', 'written']);
  });
});
