import type { ByteRange, Call } from '@sendense/core';

/** Times of objects are whole seconds in some stores, and in some of their answers only. */
export const TIME_GRAIN_MS = 1000;

/** What a store says of one object. */
export type ObjectStatus = {
  readonly sizeBytes: number;
  /** When it came to be under its key, by the store's clock; at most a second early. Of what is sent in parts some tell an earlier time. */
  readonly modifiedAt: Date;
  /** Until when the store refuses to delete or replace it; absent = no object lock on it. */
  readonly retainUntil?: Date;
};

/** One line of a listing. */
export type ListedObject = ObjectStatus & { readonly key: string };

/** What a store offers. */
export type ObjectStoreCapabilities = {
  /** Object lock: `retainUntil` and `retain` work, and no credentials of a writer undo them. */
  readonly retention: boolean;
  readonly maxObjectBytes: number;
};

/** Options of {@link ObjectStore.put}. */
export type PutOptions = {
  readonly retainUntil?: Date;
  /** Called right before each attempt to make the object, repetitions too; when it throws, no further one is made. */
  readonly beforeSend?: () => void;
};

/** Options of {@link ObjectStore.get}. */
export type GetOptions = Call & {
  /** Room for the bytes: a store that can puts them at its start and gives that part; too little room, or another store, takes no notice of it. */
  readonly into?: Uint8Array;
};

/** Options of {@link ObjectStore.list}. */
export type ListOptions = {
  /** Only keys behind it. */
  readonly after?: string;
};

/**
 * The dumb storage below an object repository: immutable objects under keys. Keys are `/`-separated segments of
 * `[A-Za-z0-9._-]`, at most 512 bytes, no segment is `.` or `..`. Every method rejects with `SendenseError`, retries
 * throttling, 5xx and resets itself with jitter (`exhausted` when it gave up), and rejects with `ABORTED` once the call's
 * signal has fired. Credentials are never in an error. A writer needs `put`, `get`, `head`, `list` and `retain` only.
 */
export interface ObjectStore extends AsyncDisposable {
  /** Where it is, for people: `dir:/backups`, `s3://bucket/prefix`. Never holds credentials. */
  readonly location: string;
  readonly capabilities: ObjectStoreCapabilities;

  /**
   * Creates an object. Must: never replace one (`ALREADY_EXISTS`, identical bytes or not); show the object whole or not at
   * all, to every later `get`, `head` and `list`; be durable when it resolves; not change `bytes`, and not read them after it
   * settles. A store that cannot do `retainUntil` rejects with `UNSUPPORTED`. When a repetition inside of it meets the object
   * that its own first attempt made, it resolves. What `beforeSend` throws it rejects with.
   */
  put(
    key: string,
    bytes: Uint8Array | readonly Uint8Array[],
    options?: PutOptions,
    call?: Call,
  ): Promise<ObjectStatus>;

  /**
   * Exactly the bytes of the range, or of the whole object. Must: reject with `NOT_FOUND`; with `RANGE_INVALID` when the
   * range reaches past the end; never give fewer bytes; give memory of the caller's own, which it may change or give back; touch
   * `into` no more once it has settled.
   */
  get(key: string, range?: ByteRange, options?: GetOptions): Promise<Uint8Array>;

  /** What the store says of the object, `undefined` when there is none. */
  head(key: string, call?: Call): Promise<ObjectStatus | undefined>;

  /**
   * Every object whose key begins with `prefix`, ascending by the UTF-8 bytes of the key, in pages. Must: give each object
   * that was there for the whole listing, once.
   */
  list(prefix: string, options?: ListOptions, call?: Call): AsyncIterable<ListedObject>;

  /**
   * Removes an object. Must: resolve when there is none; reject with `IMMUTABLE` while retention forbids it,
   * `PERMISSION_DENIED` without the right.
   */
  delete(key: string, call?: Call): Promise<void>;

  /**
   * Keeps the object at least until `until`. Must: never shorten; reject with `NOT_FOUND`, and with `UNSUPPORTED` without
   * object lock.
   */
  retain(key: string, until: Date, call?: Call): Promise<void>;
}
