import { repositoryId, SendenseError } from '@sendense/core';
import { z } from 'zod';
import { type ClaimedRecord, damagedObject } from '../keys/proven-json.ts';
import { CONFIGURATION_KEY } from '../layout/object-keys.ts';

/** Of the chunks of a repository. */
export const CHUNK_BYTES = { least: 64 * 1024, default: 1024 * 1024, most: 16 * 1024 * 1024 };
const DAY_MS = 24 * 3600 * 1000;
/** How long what is not needed any more stays; see the format, section 4. */
export const GRACE_MS = { least: 3600 * 1000, default: 7 * DAY_MS, most: 3650 * DAY_MS };

/** Of locks. */
export const RETAIN_MS = { least: 60_000, most: 36_500 * DAY_MS };

const FORMAT = 'sendense-object-repository';
const VERSION = 1;

const schema = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  id: z.string().transform(repositoryId),
  createdAt: z.iso.datetime(),
  chunkBytes: z
    .int()
    .min(CHUNK_BYTES.least)
    .max(CHUNK_BYTES.most)
    .refine((bytes) => Number.isInteger(Math.log2(bytes))),
  graceMs: z.int().nonnegative().max(GRACE_MS.most),
  /** How long every point must live at least; absent where writers say so, or nobody. */
  retainMs: z.int().min(RETAIN_MS.least).max(RETAIN_MS.most).optional(),
});

/** What a repository is; see the format, section 3.1. */
export type Configuration = Readonly<z.infer<typeof schema>>;

/** A new configuration. */
export function newConfiguration(fields: Omit<Configuration, 'format' | 'version'>): Configuration {
  return { format: FORMAT, version: VERSION, ...fields };
}

/** Reads a configuration, whose proof the caller checks. Throws `CORRUPT`; `FORMAT_UNSUPPORTED` for a newer one. */
export function parseConfiguration({ fields }: ClaimedRecord): Configuration {
  const { format, version } = fields;
  if (format === FORMAT && typeof version === 'number' && version > VERSION) {
    throw new SendenseError('FORMAT_UNSUPPORTED', `the repository has format version ${version}`, {
      operation: 'open-repository',
      remedy: 'use the version of Sendense that made it, or a newer one',
      context: { version },
    });
  }
  const parsed = safeParse(fields);
  if (parsed !== undefined) return parsed;
  throw damagedObject(CONFIGURATION_KEY, 'is not a configuration of an object repository');
}

function safeParse(fields: unknown): Configuration | undefined {
  try {
    return schema.safeParse(fields).data;
  } catch (error) {
    if (SendenseError.is(error)) return undefined; // an id that is none
    throw error;
  }
}
