import type { ObjectStore, ObjectStoreCapabilities } from '../store/object-store.ts';

/** How much a validation does; every default is what a user's own store is tried with. */
export type ValidationSizes = {
  /** Objects of the listing that must come in pages; a page of S3 has 1000, one of Azure 5000. */
  readonly listedObjects: number;
  /** Bytes of the largest object; larger than what a store sends in one request. */
  readonly largeBytes: number;
  /** Creations of the same key at once. */
  readonly racers: number;
  /** How long the locked object is locked, in milliseconds. */
  readonly lockMs: number;
};

/** What a case works with. */
export type StoreContext = {
  readonly store: ObjectStore;
  /** A second handle of the same store, as another process would have it. */
  readonly other: ObjectStore;
  /** Begins the keys of this case; nothing else uses it. */
  readonly prefix: string;
  readonly sizes: ValidationSizes;
  /** The clock of this machine. */
  readonly now: () => Date;
};

/** One promise of a store: a behaviour checked against a prefix of its own. */
export type StoreCase = {
  /** A behaviour sentence; unique. */
  readonly name: string;
  /** The clause that it checks. */
  readonly clause: string;
  /** What is lost when the promise is broken, as one sentence for a user. */
  readonly consequence: string;
  /** `warning` where a repository still works, only worse. */
  readonly severity?: 'warning';
  /** It needs the right to delete, which a writer does without: then it cannot be tested, and that is no fault. */
  readonly needsDelete?: true;
  readonly requires?: (capabilities: ObjectStoreCapabilities) => boolean;
  /** What a store does instead that does not offer it. */
  readonly inverse?: { readonly name: string; run(context: StoreContext): Promise<void> };
  /** Resolves when the promise is kept; rejects with what is wrong. */
  run(context: StoreContext): Promise<void>;
};
