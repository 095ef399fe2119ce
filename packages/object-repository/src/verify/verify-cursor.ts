import { createHash } from 'node:crypto';
import { type PointId, type RepositoryId, SendenseError } from '@sendense/core';
import { z } from 'zod';
import type { MapPlace } from './map-place.ts';

/** Of 10,000 points none has the digest of another one but once in 10 million verifications. */
const DIGEST_BYTES = 6;
/** Digits of the checksum in front. */
const CHECK_DIGITS = 16;
/** Longest cursor that is read: that of 100,000 points. */
const MOST_CHARACTERS = 1 << 21;

/** What a verification looks at; a cursor of one is no good for another one. */
export type CursorScope = {
  readonly repository: RepositoryId;
  readonly depth: 'structure' | 'data';
  /** Only these points; all when there are none. */
  readonly points?: readonly PointId[] | undefined;
  /** Only points behind this one. */
  readonly after?: PointId | undefined;
  /** Default: that of the cursor. */
  readonly sample?: number | undefined;
};

/** How far a verification is. */
export type CursorState = {
  readonly sample: number;
  /** Decides which chunks are read, 32 bits. */
  readonly seed: number;
  /** Errors that were told. */
  readonly errors: number;
  /** Digests of the points that were gone through, see {@link shortDigest}. */
  readonly checked: ReadonlySet<string>;
  /** Which directories of packs were read; `null` when all were. */
  readonly directories: DirectoryState | null;
  /** The point that was begun; `hurt`: something was told of it. */
  readonly within: (MapPlace & { readonly point: PointId; readonly hurt: boolean }) | null;
};

/** Which directories of packs were read: those of index objects by their digests, and the first so many of those that were begun. */
export type DirectoryState = {
  readonly checked: ReadonlySet<string>;
  readonly begun: { readonly [object: string]: number };
};

const digestsSchema = z.string().regex(/^[\w-]*$/);
const schema = z.strictObject({
  version: z.literal(1),
  scope: z.string(),
  sample: z.number().gt(0).max(1),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1),
  errors: z.int().nonnegative(),
  checked: digestsSchema,
  directories: z
    .strictObject({
      checked: digestsSchema,
      begun: z.record(z.string(), z.int().nonnegative()),
    })
    .nullable(),
  within: z
    .strictObject({
      point: z.string().transform((id) => id as PointId),
      root: z.int().nonnegative(),
      chunk: z.int().nonnegative(),
      hurt: z.boolean(),
    })
    .nullable(),
});

/** What of the id of a point, or the key of an index object, a cursor holds: short, because it holds that of all. */
export function shortDigest(id: string): string {
  return createHash('sha256').update(id).digest().subarray(0, DIGEST_BYTES).toString('hex');
}

/** A cursor as text of letters, digits, `-`, `_` and `.`. */
export function serializeCursor(scope: CursorScope, state: CursorState): string {
  const { checked: points, directories: read, ...rest } = state;
  const checked = packDigests(points);
  const directories = read && { ...read, checked: packDigests(read.checked) };
  const json = JSON.stringify({ version: 1, scope: scopeDigest(scope), ...rest, checked, directories });
  const encoded = Buffer.from(json).toString('base64url');
  return `${checksum(encoded)}.${encoded}`;
}

/** Throws `CONFIG_INVALID` for a cursor that is damaged, or of another repository or scope. */
export function parseCursor(text: string, scope: CursorScope): CursorState {
  const { version: _version, scope: made, checked, directories: read, ...rest } = parseText(text);
  if (made !== scopeDigest(scope))
    throw refused(
      'the cursor is of a verification of another repository, of other points or of another depth',
      'resume with the same repository and options',
    );
  if (scope.sample !== undefined && scope.sample !== rest.sample)
    throw refused(
      `the cursor is of a verification that reads ${rest.sample} of the data, not ${scope.sample}`,
      'leave the sample out: that of the cursor counts',
    );
  const directories = read && { ...read, checked: unpackDigests(read.checked) };
  return { ...rest, checked: unpackDigests(checked), directories };
}

function packDigests(digests: ReadonlySet<string>): string {
  return Buffer.from([...digests].join(''), 'hex').toString('base64url');
}

function unpackDigests(text: string): ReadonlySet<string> {
  return new Set(Buffer.from(text, 'base64url').toString('hex').match(DIGEST));
}

const DIGEST = new RegExp(`.{${2 * DIGEST_BYTES}}`, 'g');

function parseText(text: string): z.infer<typeof schema> {
  const [check, encoded, ...more] = text.length > MOST_CHARACTERS ? [] : text.trim().split('.');
  const isWhole = more.length === 0 && encoded !== undefined && check === checksum(encoded);
  const parsed = isWhole
    ? schema.safeParse(parseJson(Buffer.from(encoded, 'base64url').toString()))
    : undefined;
  if (parsed?.success === true) return parsed.data;
  throw refused('the cursor is not one that a verification told', 'give it whole, or verify from the start');
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, CHECK_DIGITS);
}

function scopeDigest({ repository, depth, points, after }: CursorScope): string {
  return checksum(JSON.stringify([repository, depth, points?.toSorted() ?? null, after ?? null]));
}

function refused(message: string, remedy: string): SendenseError {
  return new SendenseError('CONFIG_INVALID', message, { operation: 'verify-points', remedy });
}
