import type { DiskId, PointId } from './identifiers.ts';

/** `info` tells, `warning` is a weakening the user should know of, `error` is damage or a refusal. */
export type FindingSeverity = 'info' | 'warning' | 'error';

/** What "nothing silent" is made of: every result carries the findings of its making. */
export type Finding = {
  readonly severity: FindingSeverity;
  /** Stable kebab-case word, e.g. `disk-skipped`. */
  readonly code: string;
  /** One sentence for a person. */
  readonly message: string;
  readonly disk?: DiskId;
  /** The recovery point it is about, where a verification knows it. */
  readonly point?: PointId;
  /** The object it is about: a file name, an object key, a point id. */
  readonly object?: string;
};
