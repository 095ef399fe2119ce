import assert from 'node:assert/strict';
import { guardJournal, type Journal } from '@sendense/core';
import { collect } from '../../collect.ts';
import { createTestFence } from '../../memory/test-fence.ts';
import { type ConformanceCase, type OpenedContext, type Runner, registerCases } from '../case.ts';
import { Cleanup } from '../cleanup.ts';
import { expectCode, settle } from '../expect.ts';
import { abortedBeforeCases, abortedDuringCases } from '../traits/aborted.ts';

/** An empty journal of its own. */
export type JournalFixture = Partial<AsyncDisposable> & {
  readonly journal: Journal;
  /** The same storage opened once more, as after a restart or by a second worker. */
  readonly reopen: () => Promise<Journal>;
};

/** A kind of journal to be tested. */
export type JournalSubject = {
  readonly name: string;
  /** A fresh, empty journal. */
  open(): Promise<JournalFixture>;
};

/** What a journal case works with. Both journals are guarded. */
export type JournalContext = { readonly journal: Journal; readonly reopen: () => Promise<Journal> };

const fence = createTestFence();
const value = { state: 'ä → 0', list: [1, 2.5, null, true, { deep: '' }] };

/** The cases of every journal, as data. */
export const journalCases: readonly ConformanceCase<JournalContext>[] = [
  {
    name: 'has what was written when write resolves, for another process too',
    clause: 'Journal.write: be durable when it resolves',
    async run({ journal, reopen }) {
      assert.equal(await journal.read('job/1'), undefined);
      const revision = await journal.write('job/1', value, 'absent', fence);
      assert.deepEqual(await journal.read('job/1'), { value, revision });
      assert.deepEqual(await (await reopen()).read('job/1'), { value, revision });
    },
  },
  {
    name: 'refuses a write that expects another revision, and changes nothing',
    clause: 'Journal.write: reject with CONFLICT when the revision is another one',
    async run({ journal }) {
      const first = await journal.write('key', 1, 'absent', fence);
      await expectCode(() => journal.write('key', 2, 'absent', fence), 'CONFLICT');
      const second = await journal.write('key', 2, first, fence);
      await expectCode(() => journal.write('key', 3, first, fence), 'CONFLICT');
      await expectCode(() => journal.write('other', 3, second, fence), 'CONFLICT');
      await expectCode(() => journal.write('key', undefined, first, fence), 'CONFLICT');
      assert.deepEqual(await journal.read('key'), { value: 2, revision: second });
      assert.equal(await journal.read('other'), undefined);
    },
  },
  {
    name: 'never gives a removed key an old revision again',
    clause: 'Journal.write: a revision names one value',
    async run({ journal, reopen }) {
      const first = await journal.write('key', 1, 'absent', fence);
      await journal.write('key', undefined, first, fence);
      assert.equal(await journal.read('key'), undefined);
      await expectCode(() => journal.write('key', 2, first, fence), 'CONFLICT');
      const again = await (await reopen()).write('key', 1, 'absent', fence);
      assert.notEqual(again, first);
      await expectCode(() => journal.write('key', 3, first, fence), 'CONFLICT');
    },
  },
  {
    name: 'lets one of two writers of a key win',
    clause: 'Journal.write: resolves with the new revision or rejects with CONFLICT',
    async run({ journal, reopen }) {
      const other = await reopen();
      const revision = await journal.write('key', 0, 'absent', fence);
      const outcomes = await Promise.all(
        [journal, other, journal, other].map((each, index) =>
          settle(() => each.write('key', index + 1, revision, fence)),
        ),
      );
      assert.equal(outcomes.filter(({ ok }) => ok).length, 1, 'exactly one of four writes wins');
      assert.equal((await journal.read('key'))?.value, outcomes.findIndex(({ ok }) => ok) + 1);
    },
  },
  {
    name: 'writes nothing when the lease is lost',
    clause: 'Journal.write: reject with FENCED when the lease is lost',
    async run({ journal }) {
      const lost = createTestFence();
      lost.lose();
      await expectCode(() => journal.write('key', 1, 'absent', lost), 'FENCED');
      assert.equal(await journal.read('key'), undefined);
    },
  },
  {
    name: 'lists the keys of a prefix, ascending',
    clause: 'Journal.list: keys starting with `prefix`, ascending',
    async run({ journal }) {
      for (const key of ['job/10', 'job/1', 'jobs', 'job/_', 'job/%', 'state/1', 'job/ä']) {
        await journal.write(key, null, 'absent', fence);
      }
      const keys = await collect(journal.list('job/'));
      assert.deepEqual(keys, ['job/%', 'job/1', 'job/10', 'job/_', 'job/ä']);
      assert.deepEqual(await collect(journal.list('job/_')), ['job/_']);
      assert.deepEqual(await collect(journal.list('none')), []);
      assert.equal((await collect(journal.list(''))).length, 7);
    },
  },
  {
    name: 'gives values that are the reader`s own',
    clause: 'Journal.read: a value is what was written, whatever a caller does to it',
    async run({ journal }) {
      const written = { list: [1] };
      await journal.write('key', written, 'absent', fence);
      written.list.push(2);
      const read = (await journal.read('key'))?.value as { list: number[] };
      read.list.push(3);
      assert.deepEqual((await journal.read('key'))?.value, { list: [1] });
    },
  },
  ...abortedBeforeCases<JournalContext>(
    'Journal',
    [
      { name: 'read', call: ({ journal }, call) => journal.read('key', call) },
      { name: 'write', call: ({ journal }, call) => journal.write('key', 1, 'absent', fence, call) },
      { name: 'list', call: ({ journal }, call) => journal.list('', call) },
    ],
    ({ journal }) => journal.read('key'),
    assert.deepEqual,
  ),
  ...abortedDuringCases<JournalContext>(
    'Journal',
    [{ name: 'write', call: ({ journal }, call) => journal.write('key', 1, 'absent', fence, call) }],
    ({ journal }) => journal.read('key'),
    assert.deepEqual,
  ),
];

/** Registers the cases of a journal with a test runner. */
export function journalConformance(runner: Runner, subject: JournalSubject): void {
  registerCases(runner, `${subject.name}: journal`, journalCases, null, () => openJournalContext(subject));
}

async function openJournalContext(subject: JournalSubject): Promise<OpenedContext<JournalContext>> {
  const cleanup = new Cleanup();
  const fixture = cleanup.add(await subject.open());
  const context = {
    journal: guardJournal(fixture.journal),
    reopen: async () => guardJournal(await fixture.reopen()),
  };
  return { context, close: () => cleanup.close() };
}
