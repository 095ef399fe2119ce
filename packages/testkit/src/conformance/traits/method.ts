import type { Call } from '@sendense/core';

/** One method of a contract with good arguments, for the traits that hold for every method. */
export type Method<Context> = {
  readonly name: string;
  /** Calls it on an open subject. An async iterable may be given back; it is read to its end. */
  readonly call: (context: Context, call?: Call) => unknown;
};
