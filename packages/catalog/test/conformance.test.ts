import { journalConformance } from '@sendense/testkit';
import { describe, it } from 'vitest';
import { openJournalFixture } from './journal-fixture.ts';

journalConformance({ describe, it }, { name: 'catalog', open: openJournalFixture });
