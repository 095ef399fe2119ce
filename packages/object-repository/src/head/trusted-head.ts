import type { Call, RepositoryId } from '@sendense/core';

/**
 * What a client keeps, away from the store, of the newest points that it saw of each repository: by it a store that was put back to an
 * earlier state is told from one that was not. `createTrustedHeadFolder` keeps it in files. Of all that call `save` the last one
 * counts; what is lost by that is seen again at the next opening.
 */
export interface TrustedHead {
  /** Where the head of a repository is kept, for people: who accepts an earlier state of the store deletes it there. */
  locate(repository: RepositoryId): string;
  /** What was saved last; `undefined` when nothing was. Never a part of it. */
  load(repository: RepositoryId, call?: Call): Promise<string | undefined>;
  /** Replaces the head as a whole: after a failure the old one or the new one is there. Text of some 150 bytes for each stream. */
  save(repository: RepositoryId, head: string, call?: Call): Promise<void>;
}
