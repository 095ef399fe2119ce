import assert from 'node:assert/strict';
import { copyBlocks, SendenseError } from '@sendense/core';
import { describe, it } from 'vitest';
import {
  clockDelay,
  createMemoryDisk,
  createTestClock,
  lyingReader,
  openMemoryReader,
  readerWithFaults,
  seededBytes,
  slowReader,
  slowWriter,
  writerWithFaults,
} from '../src/index.ts';

const sizeBytes = 262_144;
const lost = new SendenseError('CONNECTION_LOST', 'the peer went away', { operation: 'read-blocks' });

function filledDisk() {
  const disk = createMemoryDisk({ sizeBytes });
  disk.content.write(0, seededBytes(1, sizeBytes));
  return disk;
}

async function* whole() {
  yield { offset: 0, length: sizeBytes, kind: 'data' } as const;
}

describe('block wrappers', () => {
  it('fail the chosen read and no other', async () => {
    const reader = readerWithFaults(filledDisk().openReader(), (_, ordinal) =>
      ordinal === 2 ? lost : undefined,
    );
    await reader.read(0, new Uint8Array(512));
    await assert.rejects(reader.read(0, new Uint8Array(512)), lost);
    await reader.read(0, new Uint8Array(512));
  });

  it('fail the chosen write before anything of it is written', async () => {
    const disk = createMemoryDisk({ sizeBytes });
    const writer = writerWithFaults(disk.openWriter(), ({ kind, offset }) =>
      kind === 'write' && offset === 512 ? lost : undefined,
    );
    await writer.write(0, seededBytes(2, 512));
    await assert.rejects(writer.write(512, seededBytes(3, 512)), lost);
    await writer.flush();
    assert.deepEqual(disk.content.bytes({ offset: 512, length: 512 }), new Uint8Array(512));
  });

  it('make a copy take the time of its bytes on the clock of the test', async () => {
    const clock = createTestClock();
    const delay = clockDelay(clock, 0, sizeBytes);
    const target = createMemoryDisk({ sizeBytes });
    const to = slowWriter(target.openWriter(), delay);
    await copyBlocks({ from: slowReader(filledDisk().openReader(), delay), to, extents: whole() });
    assert.equal(Math.round(clock.monotonicMs()), 2000);
    const reader = slowReader(filledDisk().openReader(), delay);
    const signal = AbortSignal.abort();
    await assert.rejects(reader.read(0, new Uint8Array(512), { signal }), { code: 'ABORTED' });
  });

  it('lie about extents that a copy then refuses', async () => {
    const liar = lyingReader(openMemoryReader(filledDisk().content), 'extents-overlap');
    const target = createMemoryDisk({ sizeBytes });
    const extents = liar.extents({ offset: 0, length: sizeBytes });
    await assert.rejects(copyBlocks({ from: liar, to: target.openWriter(), extents }), {
      code: 'PROTOCOL_VIOLATION',
    });
  });
});
