import assert from 'node:assert/strict';
import { open } from 'node:fs/promises';
import type { ByteRange, Extent } from '@sendense/core';
import { collect } from '../../collect.ts';
import { DiskContent } from '../../memory/disk/disk-content.ts';
import { openMemoryReader } from '../../memory/disk/memory-reader.ts';
import { seededBytes } from '../../seeded.ts';
import type { ConformanceCase } from '../case.ts';
import { abortDuring, expectBytes, quiet } from '../expect.ts';
import { DISK_BYTES } from './block-access.ts';
import type { BlockWriterCapabilities, BlockWriterContext } from './block-writer-subject.ts';
import { expectStored, writeBoth } from './writer-write-cases.ts';

type WriterCase = ConformanceCase<BlockWriterContext, BlockWriterCapabilities>;

const copies = ({ copyFrom }: BlockWriterCapabilities): boolean => copyFrom;

/** What the optional members of a writer must do: `durable`, `endpoint`, `copyFrom`. */
export const writerPlacementCases: readonly WriterCase[] = [
  {
    name: 'tells a later attempt what was flushed, and nothing that was not',
    clause: 'BlockWriter.durable: what an earlier attempt with this id made durable',
    requires: ({ durable }) => durable,
    async run(context) {
      await writeBoth(context, { offset: 0, length: 131_072 }, 41);
      await context.writer.flush();
      const flushed = context.model.bytes();
      await context.writer.write(262_144, seededBytes(42, 65_536));
      await context.writer[Symbol.asyncDispose]();
      const later = await context.resume();
      const ranges = await collect(later.durable?.() ?? nothing());
      expectAscending(ranges);
      const stored = await context.stored();
      for (const { offset, length } of ranges) {
        const wanted = flushed.subarray(offset, offset + length);
        expectBytes(stored.subarray(offset, offset + length), wanted, `the durable range at ${offset}`);
      }
      const first = ranges[0] ?? { offset: -1, length: 0 };
      assert.ok(first.offset === 0 && first.length > 0, 'the flushed range is told');
    },
  },
  {
    name: 'names an endpoint whose bytes are the bytes of the disk',
    clause: 'BlockWriter.endpoint: the identity-mapped raw destination',
    requires: ({ endpoint }) => endpoint,
    async run(context) {
      await writeBoth(context, { offset: 65_536, length: 65_536 }, 43);
      await context.writer.flush();
      const endpoint = await context.writer.endpoint?.();
      assert.ok(endpoint !== undefined);
      if (endpoint.kind !== 'file' && endpoint.kind !== 'device') return;
      const { path } = endpoint as { readonly path: string };
      const file = await open(path, 'r');
      try {
        const bytes = new Uint8Array(65_536);
        await file.read(bytes, 0, bytes.length, 65_536);
        expectBytes(bytes, context.model.bytes({ offset: 65_536, length: 65_536 }), path);
      } finally {
        await file.close();
      }
    },
  },
  {
    name: 'copies the listed extents of a source and nothing else',
    clause: 'BlockWriter.copyFrom: copies `extents` of `source` with placement of its own',
    requires: copies,
    async run(context) {
      const source = copySource();
      for (const extent of COPIED) apply(context.model, source, extent);
      const result = await context.writer.copyFrom?.(openMemoryReader(source), items(COPIED));
      assert.ok(result !== undefined);
      await expectStored(context);
      const listed = COPIED.reduce((sum, { length }) => sum + length, 0);
      assert.equal(
        result.bytesWritten + result.bytesZeroed,
        listed,
        'every listed byte is written or zeroed',
      );
      assert.ok(result.bytesRead <= listed, 'no more is read than is listed');
    },
  },
  {
    name: 'writes nothing after an aborted copy has settled',
    clause: 'invariant 9: after a transfer settles nothing more is written',
    requires: copies,
    async run({ writer, stored }) {
      await abortDuring((call) => writer.copyFrom?.(openMemoryReader(copySource()), items(COPIED), call));
      const settled = await stored();
      await quiet();
      expectBytes(await stored(), settled, 'the destination');
    },
  },
];

const COPIED: readonly Extent[] = [
  { offset: 65_536, length: 65_536, kind: 'data' },
  { offset: 262_144, length: 131_072, kind: 'zero' },
  { offset: 524_288, length: 65_536, kind: 'data' },
];

function copySource(): DiskContent {
  const source = new DiskContent(DISK_BYTES);
  source.write(0, seededBytes(44, 262_144));
  source.write(393_216, seededBytes(45, 262_144));
  return source;
}

function apply(model: DiskContent, source: DiskContent, { offset, length, kind }: Extent): void {
  if (kind === 'zero') model.zero(offset, length);
  else model.write(offset, source.bytes({ offset, length }));
}

function expectAscending(ranges: readonly ByteRange[]): void {
  for (const [index, { offset }] of ranges.entries()) {
    const before = ranges[index - 1];
    assert.ok(
      before === undefined || offset >= before.offset + before.length,
      `durable goes back at ${offset}`,
    );
  }
}

async function* items<T>(list: readonly T[]): AsyncGenerator<T> {
  yield* list;
}

async function* nothing(): AsyncGenerator<never> {}
