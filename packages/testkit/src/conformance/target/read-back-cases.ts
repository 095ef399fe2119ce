import assert from 'node:assert/strict';
import { type BlockReader, diskId, type RestoreWriter, type TargetCapabilities } from '@sendense/core';
import { readRange } from '../block-device/block-access.ts';
import type { ConformanceCase } from '../case.ts';
import { expectBytes, expectCode } from '../expect.ts';
import { copyAll, planOf, RESTORED, runOf } from './restore-work.ts';
import type { TargetContext } from './target-subject.ts';

type Declared = TargetCapabilities & { readonly readsBack: boolean };

const readsBack = (declared: Declared): boolean => declared.readsBack;

/** A restore whose disks are flushed and not committed; it is undone afterwards. */
async function withFlushed(
  context: TargetContext,
  run: (writer: RestoreWriter) => Promise<void>,
): Promise<void> {
  const writer = await context.target.begin(await planOf(context), runOf());
  try {
    await copyAll(writer);
    await run(writer);
  } finally {
    await writer.rollback();
    await writer[Symbol.asyncDispose]();
  }
}

function readBack(writer: RestoreWriter, id: string): Promise<BlockReader> {
  assert.ok(writer.readBack !== undefined, 'declares `readBack` and does not have it');
  return writer.readBack(diskId(id));
}

/** Reading back: what a restore is verified by, where the target offers it. */
export const readBackCases: readonly ConformanceCase<TargetContext, Declared>[] = [
  {
    name: 'reads back from the destination what was flushed, before it is committed',
    clause:
      'RestoreWriter.readBack: a reader over a flushed disk, before `commit`, from the destination itself',
    requires: readsBack,
    inverse: {
      name: 'offers no reading back that it does not have',
      run: (context) => withFlushed(context, async (writer) => assert.ok(!('readBack' in writer))),
    },
    run: (context) =>
      withFlushed(context, async (writer) => {
        for (const [number, content] of RESTORED.entries()) {
          const reader = await readBack(writer, `disk-${number}`);
          const bytes = await readRange(reader);
          expectBytes(bytes.subarray(0, content.sizeBytes), content.bytes(), `read back of disk ${number}`);
          await reader[Symbol.asyncDispose]();
        }
      }),
  },
  {
    name: 'refuses to read back a disk that is not part of the restore',
    clause: 'RestoreWriter.readBack: reject an unknown disk with NOT_FOUND',
    requires: readsBack,
    run: (context) =>
      withFlushed(context, async (writer) => {
        await expectCode(() => readBack(writer, 'never-planned'), 'NOT_FOUND');
      }),
  },
];
