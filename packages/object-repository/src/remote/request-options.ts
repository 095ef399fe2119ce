import { z } from 'zod';

/** Bytes of the largest object: it is held in memory. */
export const MAX_OBJECT_BYTES = 2 ** 30;

/** Options that every store over a network has: fields of its zod schema. */
export const requestOptions = {
  /** Tries of a request in all, the first included. */
  attempts: z.int().min(1).max(100).default(8),
  /** Longest wait between two tries, in milliseconds, unless the store asks for longer. */
  maxDelayMs: z.int().nonnegative().default(20_000),
  /** How long a request may take besides its bytes, in milliseconds. */
  timeoutMs: z.int().min(10).default(60_000),
  /** The slowest transfer that is waited for. */
  minBytesPerSecond: z
    .int()
    .min(1)
    .default(256 * 1024),
  /** Certificates of the authorities that the store's own must come from, as PEM; default: those of Node. */
  caPem: z.string().optional(),
};
