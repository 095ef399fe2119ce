import { describe, expect, it } from 'vitest';
import { applyOperation, MemoryFileSystem } from '../../test/memory-file-system.ts';
import { checkQcow2 } from './check-qcow2.ts';
import { createQcow2 } from './create-qcow2.ts';
import { isQcow2 } from './header.ts';
import { openQcow2 } from './open-qcow2.ts';

const PATH = '/disk.qcow2';

describe('createQcow2', () => {
  it.each([
    { sizeBytes: 4096, clusterBytes: 100 },
    { sizeBytes: 4096, clusterBytes: 4 * 1024 * 1024 },
    { sizeBytes: -1 },
    { sizeBytes: 2 ** 45, clusterBytes: 512 },
    { sizeBytes: 4096, backing: { file: '', format: 'raw' as const } },
    { sizeBytes: 4096, clusterbytes: 4096 },
    { sizeBytes: 4096, backing: { file: 'x'.repeat(1024), format: 'raw' as const } },
    { sizeBytes: 4096, clusterBytes: 512, backing: { file: 'x'.repeat(500), format: 'raw' as const } },
  ])('refuses %o with CONFIG_INVALID and makes no file', async (options) => {
    const fileSystem = new MemoryFileSystem();
    const refused = createQcow2(PATH, { fileSystem, ...options });
    await expect(refused).rejects.toMatchObject({ code: 'CONFIG_INVALID', remedy: expect.any(String) });
    expect(fileSystem.files.size).toBe(0);
  });

  it('rounds the size up to whole sectors', async () => {
    const writer = await createQcow2(PATH, { fileSystem: new MemoryFileSystem(), sizeBytes: 1000 });
    expect(writer.sizeBytes).toBe(1024);
  });
});

describe('the writer of a QCOW2 image', () => {
  it('writes the header last, after everything else is durable', async () => {
    const fileSystem = new MemoryFileSystem();
    const writer = await createQcow2(PATH, { fileSystem, sizeBytes: 1024 * 1024, clusterBytes: 4096 });
    for (let index = 0; index < 200; index += 1)
      await writer.write(index * 4096, new Uint8Array(4096).fill(1));
    expect(isQcow2(fileSystem.files.get(PATH) ?? new Uint8Array())).toBe(false);
    await writer.flush();
    const writesAtZero = fileSystem.operations.flatMap((operation, index) =>
      operation.kind === 'write' && operation.position === 0 ? [index] : [],
    );
    const syncs = fileSystem.operations.flatMap(({ kind }, index) => (kind === 'sync' ? [index] : []));
    expect(syncs).toEqual([fileSystem.operations.length - 3, fileSystem.operations.length - 1]);
    expect(writesAtZero).toEqual([fileSystem.operations.length - 2]);
  });

  it.each([
    {
      name: 'in the same tables',
      clusterBytes: 512,
      sizeBytes: 64 * 512 * 20,
      writes: [[20 * 512, 700 * 512]],
    },
    {
      name: 'in tables of the same group and of others',
      clusterBytes: 65_536,
      sizeBytes: 20 * 2 ** 30,
      writes: [10, 600, 9000, 9300, 9800, 17_000].map((mib) => [mib * 2 ** 20, 65_536]),
    },
  ] as const)(
    'keeps a flushed image whole while more is written and flushed $name',
    async ({ clusterBytes, sizeBytes, writes }) => {
      const fileSystem = new MemoryFileSystem();
      const writer = await createQcow2(PATH, { fileSystem, sizeBytes, clusterBytes });
      await writer.write(0, new Uint8Array(clusterBytes * 10).fill(1));
      await writer.flush();
      const flushed = fileSystem.operations.length;
      for (const [offset, length] of writes) await writer.write(offset, new Uint8Array(length).fill(2));
      await writer.flush();
      let bytes = new Uint8Array();
      for (const [index, operation] of fileSystem.operations.entries()) {
        bytes = new Uint8Array(applyOperation(bytes, operation));
        if (index < flushed) continue;
        const cut = new MemoryFileSystem();
        cut.files.set(PATH, bytes);
        expect((await checkQcow2(PATH, { fileSystem: cut })).errors).toBe(0);
      }
      await using image = await openQcow2(PATH, { fileSystem });
      const into = new Uint8Array(clusterBytes);
      for (const [offset] of [[0], ...writes]) {
        await image.read(offset, into);
        expect(into.every((byte) => byte === (offset === 0 ? 1 : 2))).toBe(true);
      }
    },
  );

  it('does nothing on a flush without writes in between', async () => {
    const fileSystem = new MemoryFileSystem();
    const writer = await createQcow2(PATH, { fileSystem, sizeBytes: 4096 });
    await writer.flush();
    const { length } = fileSystem.operations;
    await writer.flush();
    expect(fileSystem.operations).toHaveLength(length);
  });

  it('refuses to go back', async () => {
    const writer = await createQcow2(PATH, { fileSystem: new MemoryFileSystem(), sizeBytes: 1024 * 1024 });
    await writer.write(131_072, new Uint8Array(65_536));
    await expect(writer.write(65_536, new Uint8Array(65_536))).rejects.toMatchObject({
      code: 'RANGE_INVALID',
    });
  });

  it('only disposes after a write has failed', async () => {
    const fileSystem = new MemoryFileSystem();
    const writer = await createQcow2(PATH, { fileSystem, sizeBytes: 8 * 1024 * 1024 });
    fileSystem.files.delete(PATH);
    await expect(writer.write(0, new Uint8Array(1024 * 1024))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(writer.flush()).rejects.toMatchObject({ code: 'NOT_OPEN' });
    await writer[Symbol.asyncDispose]();
  });

  it('gives the bytes of the data and of the file', async () => {
    const fileSystem = new MemoryFileSystem();
    const writer = await createQcow2(PATH, { fileSystem, sizeBytes: 1024 * 1024 });
    await writer.write(0, new Uint8Array(131_072));
    await writer.flush();
    expect(writer.dataBytes).toBe(131_072);
    expect(writer.fileBytes).toBe(fileSystem.files.get(PATH)?.byteLength);
    await using image = await openQcow2(PATH, { fileSystem });
    expect(image.info.fileSizeBytes).toBe(writer.fileBytes);
  });
});
