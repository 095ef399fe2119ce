import type { Journal } from '@sendense/core';
import {
  collect,
  createMemoryJournal,
  createTestFence,
  type JournalStorage,
  journalConformance,
  overlay,
  type Runner,
} from '../../src/index.ts';
import type { Mutant } from './mutant.ts';

type Change = (journal: Journal, storage: JournalStorage) => Journal;

export const journalMutants: readonly Mutant<Change>[] = [
  {
    breaks: 'writes over a revision that nobody expects',
    caughtBy: 'refuses a write that expects another revision, and changes nothing',
    change: (journal, { entries }) =>
      overlay(journal, {
        write: (key, value, _, fence, call) =>
          journal.write(key, value, entries.get(key)?.revision ?? 'absent', fence, call),
      }),
  },
  {
    breaks: 'writes after the lease is lost',
    caughtBy: 'writes nothing when the lease is lost',
    change: (journal) =>
      overlay(journal, {
        write: (key, value, expected, _, call) =>
          journal.write(key, value, expected, createTestFence(), call),
      }),
  },
  {
    breaks: 'keeps its values in the process',
    caughtBy: 'has what was written when write resolves, for another process too',
    change: () => createMemoryJournal(),
  },
  {
    breaks: 'takes the prefix for a pattern',
    caughtBy: 'lists the keys of a prefix, ascending',
    change: (journal) =>
      overlay(journal, {
        async *list(prefix, call) {
          const pattern = new RegExp(`^${prefix.replaceAll('%', '.*').replaceAll('_', '.')}`);
          for (const key of await collect(journal.list('', call))) if (pattern.test(key)) yield key;
        },
      }),
  },
  {
    breaks: 'counts revisions by key',
    caughtBy: 'never gives a removed key an old revision again',
    change: (journal, storage) =>
      overlay(journal, {
        async write(key, value, expected, fence, call) {
          storage.revision = storage.entries.get(key)?.revision ?? 0;
          return await journal.write(key, value, expected, fence, call);
        },
      }),
  },
];

export function registerJournal(runner: Runner, change: Change): void {
  journalConformance(runner, {
    name: 'mutant',
    async open() {
      const storage: JournalStorage = { entries: new Map(), revision: 0 };
      const open = () => change(createMemoryJournal(storage), storage);
      return { journal: open(), reopen: async () => open() };
    },
  });
}
