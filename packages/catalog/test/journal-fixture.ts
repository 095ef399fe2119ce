import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Catalog, openCatalog } from '@sendense/catalog';
import type { JournalFixture } from '@sendense/testkit';

/** A journal in a file of its own; each `reopen` is another connection to the file. */
export async function openJournalFixture(): Promise<JournalFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'sendense-catalog-'));
  const catalogs: Catalog[] = [];
  const open = async () => {
    const catalog = await openCatalog({ path: join(folder, 'catalog.sqlite') });
    catalogs.push(catalog);
    return catalog.journal;
  };
  return {
    journal: await open(),
    reopen: open,
    async [Symbol.asyncDispose]() {
      for (const catalog of catalogs) await catalog[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}
