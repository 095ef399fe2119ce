import { type Journal, type JournalEntry, SendenseError } from '@sendense/core';
import { Lifetime } from './lifetime.ts';

/** What a memory journal stores: give it to a second journal to stand for a restart. */
export type JournalStorage = { readonly entries: Map<string, JournalEntry>; revision: number };

/** Makes the engine's memory, without a disk below it. Revisions grow over the whole journal and never come again. */
export function createMemoryJournal(storage: JournalStorage = { entries: new Map(), revision: 0 }): Journal {
  const { entries } = storage;
  const lifetime = new Lifetime('memory journal');
  return {
    async read(key, call) {
      await lifetime.enter('read-journal', call);
      const entry = entries.get(key);
      return entry === undefined ? undefined : structuredClone(entry);
    },
    async write(key, value, expected, fence, call) {
      await lifetime.enter('write-journal', call);
      await fence.check();
      lifetime.check('write-journal', call);
      checkRevision(key, entries.get(key)?.revision ?? 'absent', expected);
      storage.revision += 1;
      const { revision } = storage;
      if (value === undefined) entries.delete(key);
      else entries.set(key, { value: structuredClone(value), revision });
      return revision;
    },
    async *list(prefix, call) {
      await lifetime.enter('list-journal', call);
      for (const key of [...entries.keys()].filter((name) => name.startsWith(prefix)).sort()) {
        lifetime.check('list-journal', call);
        yield key;
      }
    },
  };
}

function checkRevision(key: string, actual: number | 'absent', expected: number | 'absent'): void {
  if (actual === expected) return;
  throw new SendenseError('CONFLICT', `${key} is at revision ${actual}, not ${expected}`, {
    operation: 'write-journal',
    context: { key, actual, expected },
  });
}
