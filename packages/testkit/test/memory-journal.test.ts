import { describe, it } from 'vitest';
import { createMemoryJournal, type JournalStorage, journalConformance } from '../src/index.ts';

journalConformance(
  { describe, it },
  {
    name: 'memory',
    async open() {
      const storage: JournalStorage = { entries: new Map(), revision: 0 };
      return { journal: createMemoryJournal(storage), reopen: async () => createMemoryJournal(storage) };
    },
  },
);
