import assert from 'node:assert/strict';
import { collect } from '../../collect.ts';
import type { ConformanceCase } from '../case.ts';
import { expectBytes, expectCode, settle } from '../expect.ts';
import { abortedBeforeCases, abortedDuringCases } from '../traits/aborted.ts';
import { closedCases } from '../traits/closed.ts';
import type { Method } from '../traits/method.ts';
import { aligned } from './block-access.ts';
import type { BlockReaderContext } from './block-reader-subject.ts';

const methods: readonly Method<BlockReaderContext>[] = [
  {
    name: 'read',
    call: ({ reader }, call) =>
      reader.read(0, new Uint8Array(aligned(reader, { offset: 0, length: 1 }).length), call),
  },
  {
    name: 'extents',
    call: ({ reader }, call) => reader.extents({ offset: 0, length: reader.sizeBytes }, call),
  },
];

/** A reader changes nothing; what is looked at is that it still gives the same bytes of nothing. */
const observe = async (): Promise<null> => null;

/** The traits of every method of a reader. */
export const readerTraitCases: readonly ConformanceCase<BlockReaderContext>[] = [
  ...closedCases('BlockReader', methods, ({ reader }) => reader[Symbol.asyncDispose]()),
  ...abortedBeforeCases('BlockReader', methods, observe, assert.deepEqual),
  ...abortedDuringCases('BlockReader', methods, observe, assert.deepEqual),
  {
    name: 'stops telling extents when it is aborted between two of them',
    clause: 'Call.signal: aborting rejects the call with ABORTED',
    async run({ reader }) {
      const controller = new AbortController();
      const extents = reader.extents({ offset: 0, length: reader.sizeBytes }, { signal: controller.signal });
      await expectCode(async () => {
        for await (const extent of extents) {
          assert.ok(extent.length > 0);
          controller.abort();
        }
      }, 'ABORTED');
    },
  },
  {
    name: 'lets a read under way end when it is disposed',
    clause:
      'BlockReader: dispose gives up; a call under way settles, and has filled `into` unless it rejects',
    async run({ reader, content }) {
      const range = aligned(reader, { offset: 0, length: 1 });
      const into = new Uint8Array(range.length).fill(0xa5);
      const reading = settle(() => reader.read(0, into));
      await reader[Symbol.asyncDispose]();
      const { ok } = await reading;
      if (ok) expectBytes(into, content.bytes(range), 'what was read meanwhile');
      await expectCode(() => collect(reader.extents({ offset: 0, length: 1 })), 'NOT_OPEN');
    },
  },
];
