import { guardRepository, type Repository, type RepositoryCapabilities } from '@sendense/core';
import type { BlockReaderCapabilities } from '../block-device/block-reader-subject.ts';
import type { OpenedContext } from '../case.ts';
import { Cleanup } from '../cleanup.ts';

/** A stored object whose bits the kit may flip: a file, an object of a bucket. */
export type StoredObject = {
  readonly name: string;
  /** The bytes as they are stored. */
  readonly read: () => Promise<Uint8Array>;
  /** Replaces the bytes, as damage would. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
};

/** An empty repository of its own. */
export type RepositoryFixture = Partial<AsyncDisposable> & {
  readonly repository: Repository;
  /** The same storage opened once more, as another process does. */
  readonly reopen: () => Promise<Repository>;
  /** Everything that is stored now. `storedFiles(path)` answers it for a folder. */
  readonly stored: () => Promise<readonly StoredObject[]>;
  /**
   * Lets the time go by and does the maintenance that takes away what a writer left that gave up. Without it nothing may be left
   * from the moment on at which it gives up; with it nothing after that.
   */
  readonly tidy?: () => Promise<void>;
};

/** Optional members of `RepositoryMaintenance`. */
export type RepositoryOffers = { readonly annotate: boolean; readonly consolidate: boolean };

/** A kind of repository to be tested. */
export type RepositorySubject = {
  readonly name: string;
  /** The capabilities that the plugin declares. */
  readonly capabilities: RepositoryCapabilities;
  /** Which optional members it is meant to have. Default all: one that is forgotten is told, not passed over. */
  readonly offers?: Partial<RepositoryOffers>;
  /** What the readers of its points offer. */
  readonly reader: BlockReaderCapabilities;
  /** A fresh, empty repository. */
  open(): Promise<RepositoryFixture>;
};

/** What a repository case works with. Both repositories are guarded. */
export type RepositoryContext = {
  readonly capabilities: RepositoryCapabilities;
  readonly repository: Repository;
  readonly reopen: () => Promise<Repository>;
  readonly stored: RepositoryFixture['stored'];
  readonly tidy: () => Promise<void>;
};

/** Opens an empty repository of a subject. */
export async function openRepositoryContext(
  subject: RepositorySubject,
): Promise<OpenedContext<RepositoryContext>> {
  const cleanup = new Cleanup();
  const fixture = cleanup.add(await subject.open());
  const context: RepositoryContext = {
    capabilities: subject.capabilities,
    repository: cleanup.add(guardRepository(fixture.repository)),
    reopen: async () => cleanup.add(guardRepository(await fixture.reopen())),
    stored: fixture.stored,
    tidy: async () => fixture.tidy?.(),
  };
  return { context, close: () => cleanup.close() };
}
