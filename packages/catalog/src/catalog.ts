import { type Clock, type Journal, SendenseError, systemClock } from '@sendense/core';
import { parseOptions } from '@sendense/plugin-kit';
import type { z } from 'zod';
import { acquireFence } from './fence/acquire-fence.ts';
import type { Lease, LeaseRequest } from './fence/lease.ts';
import { CatalogJobs } from './jobs/catalog-jobs.ts';
import { CatalogJournal } from './journal/catalog-journal.ts';
import { type CatalogOptions, catalogOptionsSchema } from './options.ts';
import { CatalogPoints } from './points/catalog-points.ts';
import { CatalogRepositories } from './repositories/catalog-repositories.ts';
import { migrate } from './schema/migrate.ts';
import { type CatalogStore, openStore } from './sqlite/catalog-store.ts';
import { checkIntegrity } from './sqlite/check-integrity.ts';
import { setDatabaseAside } from './sqlite/open-database.ts';

/** An open catalog. The repositories are the truth; the journal and the history of jobs live only here. */
export interface Catalog extends AsyncDisposable {
  /** The engine's durable memory. */
  readonly journal: Journal;
  readonly jobs: CatalogJobs;
  readonly points: CatalogPoints;
  readonly repositories: CatalogRepositories;
  /** Where a damaged catalog was put when this one was started in its place; see `onCorrupt`. */
  readonly setAside: string | undefined;
  /** Reads the whole file. Rejects with `CORRUPT` when any of it is damaged. */
  check(): Promise<void>;
  /** Takes a lease, exclusive among all processes on this catalog. Throws `LOCKED` while another holder has it. */
  acquireFence(name: string, request: LeaseRequest): Promise<Lease>;
}

type Options = z.output<typeof catalogOptionsSchema> & { readonly clock: Clock };

async function checkOptions({ clock, ...plain }: CatalogOptions): Promise<Options> {
  return { ...(await parseOptions(catalogOptionsSchema, plain, 'catalog')), clock: clock ?? systemClock };
}

/** `whole`: every page is looked at, not only those that opening needs. */
async function openMigrated(options: Options, whole: boolean): Promise<CatalogStore> {
  const store = await openStore(options.path, options.clock, options.busyTimeoutMs);
  try {
    await migrate(store);
    if (whole) await checkIntegrity(store);
    return store;
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
}

async function openOrSetAside(options: Options): Promise<{ store: CatalogStore; setAside?: string }> {
  try {
    return { store: await openMigrated(options, options.onCorrupt === 'set-aside') };
  } catch (error) {
    if (options.onCorrupt !== 'set-aside' || !SendenseError.is(error, 'CORRUPT')) throw error;
    const setAside = await setDatabaseAside(options.path, options.clock.now());
    return { store: await openMigrated(options, false), setAside };
  }
}

/**
 * Opens the catalog, making or migrating it as needed. Throws `CORRUPT` when the file is damaged,
 * `FORMAT_UNSUPPORTED` when a newer version wrote it, `PERMISSION_DENIED` or `READ_ONLY` when it cannot be written.
 */
export async function openCatalog(options: CatalogOptions): Promise<Catalog> {
  const { store, setAside } = await openOrSetAside(await checkOptions(options));
  return {
    journal: new CatalogJournal(store),
    jobs: new CatalogJobs(store),
    points: new CatalogPoints(store),
    repositories: new CatalogRepositories(store),
    setAside,
    check: () => checkIntegrity(store),
    acquireFence: (name, request) => acquireFence(store, name, request),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
