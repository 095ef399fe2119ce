import { createMemoryJournal, createTestFence } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openJournalRecord } from './journal-record.ts';

const schema = z.object({ schema: z.literal(1), count: z.number() });
const fence = createTestFence();

describe('a journal record', () => {
  it('is absent, written, changed and removed, in the order of the calls', async () => {
    const journal = createMemoryJournal();
    const record = await openJournalRecord(journal, 'k', schema, fence);
    expect(record.value).toBeUndefined();
    await Promise.all([record.write({ schema: 1, count: 1 }), record.write({ schema: 1, count: 2 })]);
    expect((await openJournalRecord(journal, 'k', schema, fence)).value).toEqual({ schema: 1, count: 2 });
    await record.write(undefined);
    await record.write({ schema: 1, count: 3 });
    expect((await journal.read('k'))?.value).toEqual({ schema: 1, count: 3 });
  });

  it('is not written over by a holder that read it before another wrote', async () => {
    const journal = createMemoryJournal();
    const [mine, theirs] = [
      await openJournalRecord(journal, 'k', schema, fence),
      await openJournalRecord(journal, 'k', schema, fence),
    ];
    await mine.write({ schema: 1, count: 1 });
    await expect(theirs.write({ schema: 1, count: 9 })).rejects.toMatchObject({ code: 'CONFLICT' });
    expect((await journal.read('k'))?.value).toEqual({ schema: 1, count: 1 });
  });

  it('of a newer version is refused, and a damaged one too', async () => {
    const journal = createMemoryJournal();
    await journal.write('newer', { schema: 2, count: 1 }, 'absent', fence);
    await journal.write('damaged', { schema: 1, count: 'x' }, 'absent', fence);
    const open = (key: string) => openJournalRecord(journal, key, schema, fence);
    await expect(open('newer')).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
    await expect(open('damaged')).rejects.toMatchObject({ code: 'CORRUPT' });
  });
});
