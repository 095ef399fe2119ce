import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BlockReader, type BlockWriter, guardReader, guardWriter } from '@sendense/core';
import type { DiskContent } from '../../memory/disk/disk-content.ts';
import { seededBytes } from '../../seeded.ts';
import { aligned, DISK_BYTES, readRange, sampleContent, writeRange } from '../block-device/block-access.ts';
import { blockWriterConformance } from '../block-device/block-writer-conformance.ts';
import type { BlockWriterCapabilities } from '../block-device/block-writer-subject.ts';
import { type ConformanceCase, type Runner, registerCases } from '../case.ts';
import { expectBytes, expectCode } from '../expect.ts';

/** A disk file format to be tested. */
export type FormatWriterSubject = {
  readonly name: string;
  readonly capabilities: BlockWriterCapabilities;
  /** Creates an image at `path` and opens its writer; where `untouched` is `base`, over an image of `base`. */
  create(path: string, sizeBytes: number, base: DiskContent): Promise<BlockWriter>;
  /** Opens the image at `path`. */
  open(path: string): Promise<BlockReader>;
};

type FormatWriterContext = { readonly subject: FormatWriterSubject; readonly path: string };

/** The cases of every format writer besides those of a block writer, as data. */
export const formatWriterCases: readonly ConformanceCase<FormatWriterContext>[] = [
  {
    name: 'refuses to create over a file that is there, and leaves it as it is',
    clause: 'ALREADY_EXISTS: the thing to create is already there; invariant 11',
    async run({ subject, path }) {
      const bytes = seededBytes(1, 4096);
      await writeFile(path, bytes);
      const create = async () => {
        await using created = await subject.create(path, DISK_BYTES, sampleContent());
        return created.sizeBytes;
      };
      await expectCode(create, 'ALREADY_EXISTS');
      expectBytes(await readFile(path), bytes, 'the file that was there');
    },
  },
  {
    name: 'leaves a complete image at each flush, of exactly its size',
    clause: 'BlockWriter.flush: make everything written so far durable before it resolves',
    async run({ subject, path }) {
      const base = sampleContent();
      await using writer = guardWriter(await subject.create(path, DISK_BYTES, base.snapshot()));
      for (const [index, offset] of [0, 262_144, 524_288].entries()) {
        const range = aligned(writer, { offset, length: 65_536 });
        const data = seededBytes(2 + index, range.length);
        await writeRange(writer, range.offset, data);
        await writer.flush();
        await using reader = guardReader(await subject.open(path));
        assert.equal(reader.sizeBytes, DISK_BYTES);
        expectBytes(await readRange(reader, range), data, `the image after flush ${index + 1}`);
      }
    },
  },
  {
    name: 'creates files that only their owner can read',
    clause: 'files created by the product are mode 0600',
    async run({ subject, path }) {
      const writer = guardWriter(await subject.create(path, DISK_BYTES, sampleContent()));
      await writer.flush();
      await writer[Symbol.asyncDispose]();
      assert.equal((await stat(path)).mode & 0o077, 0, 'group and others have no rights');
    },
  },
];

/** Registers the cases of a disk file format`s writer with a test runner. */
export function formatWriterConformance(runner: Runner, subject: FormatWriterSubject): void {
  const { name, capabilities } = subject;
  registerCases(runner, `${name}: format writer`, formatWriterCases, capabilities, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sendense-format-'));
    const context = { subject, path: join(folder, 'image') };
    return { context, close: () => rm(folder, { recursive: true }) };
  });
  blockWriterConformance(runner, {
    name,
    capabilities,
    async open(sizeBytes, base) {
      const folder = await mkdtemp(join(tmpdir(), 'sendense-format-'));
      const path = join(folder, 'image');
      const writer = await subject.create(path, sizeBytes, base);
      return {
        writer,
        stored: () => subject.open(path),
        async [Symbol.asyncDispose]() {
          await writer[Symbol.asyncDispose]();
          await rm(folder, { recursive: true });
        },
      };
    },
  });
}
