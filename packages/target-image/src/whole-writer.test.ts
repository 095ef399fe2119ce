import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BlockWriter } from '@sendense/core';
import { createQcow2 } from '@sendense/formats/qcow2';
import { createMemoryDisk } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { WHOLE_LIMITS, WholeWriter } from './whole-writer.ts';

const SIZE = 1024 * 1024;

function wholeWriter(isFlushed: boolean) {
  const events: string[] = [];
  const writer = new WholeWriter({
    sizeBytes: SIZE,
    create: async (): Promise<BlockWriter> => {
      events.push('create');
      return createMemoryDisk({ sizeBytes: SIZE }).openWriter();
    },
    isFlushed,
    save: async (flushed) => {
      events.push(`flushed: ${flushed}`);
    },
  });
  return { writer, events };
}

describe('WholeWriter', () => {
  it('promises the limits that QCOW2 writers have', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sendense-whole-'));
    {
      await using writer = await createQcow2(join(folder, 'disk'), { sizeBytes: SIZE });
      expect(writer.limits).toEqual(WHOLE_LIMITS);
    }
    await rm(folder, { recursive: true });
  });

  it('keeps the whole file of an earlier attempt while nobody writes', async () => {
    const { writer, events } = wholeWriter(true);
    await writer.flush();
    await writer[Symbol.asyncDispose]();
    expect(events).toEqual([]);
  });

  it('forgets that the file is whole before it starts it over', async () => {
    const { writer, events } = wholeWriter(true);
    await writer.write(0, new Uint8Array(65_536));
    await writer.write(65_536, new Uint8Array(65_536));
    await writer.flush();
    expect(events).toEqual(['flushed: false', 'create', 'flushed: true']);
  });

  it('makes a file even when nothing is ever written to it', async () => {
    const { writer, events } = wholeWriter(false);
    await writer.flush();
    expect(events).toEqual(['create', 'flushed: true']);
  });
});
