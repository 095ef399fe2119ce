import type { BlockIoDriver } from '../block/block-io-driver.ts';
import type { Json } from '../values/json.ts';
import type { Secret } from '../values/secret.ts';

/** Time, injected so that tests own it. */
export interface Clock {
  /** The wall clock. It may go back. */
  now(): Date;
  /** Milliseconds that never go back. */
  monotonicMs(): number;
}

/** Randomness, injected so that tests own it. */
export interface Random {
  /** A new UUID v4. */
  uuid(): string;
  /** `length` unpredictable bytes. */
  bytes(length: number): Uint8Array;
}

/** One structured line; never holds a secret. */
export type LogRecord = {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: { readonly [key: string]: Json };
};

/** Where log records go. Must not throw. */
export type LogSink = (record: LogRecord) => void;

/** Where a plugin asks for credentials by name. */
export interface Secrets {
  /** The secret of that name; `undefined` when there is none. */
  get(name: string): Promise<Secret | undefined>;
}

/** What the host gives every plugin. */
export type PluginServices = {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: LogSink;
  readonly secrets: Secrets;
  /** Tried in order; the first that supports an endpoint moves its bytes. */
  readonly drivers: readonly BlockIoDriver[];
  /** A folder for temporary files, owned by this process. */
  readonly temporaryDirectory: string;
};
