import { createHash, timingSafeEqual } from 'node:crypto';
import { type PointId, type RepositoryId, SendenseError } from '@sendense/core';
import { z } from 'zod';
import { PACK_ID_BYTES } from '../index/table-page.ts';
import { nameTag, type RepositoryKeys } from '../keys/repository-keys.ts';
import type { MapPlace } from './map-place.ts';

/** Of 10,000 points none has the digest of another one but once in 10 million verifications. */
const DIGEST_BYTES = 6;
/** Most points, and most index objects, that a cursor holds: what is beyond is gone through again. */
export const MOST_DIGESTS = 500_000;
/** Most packs that a cursor names. */
const MOST_PACKS = 1024;
/** Longest cursor that is read; none that is made is longer. */
const MOST_CHARACTERS = 1 << 24;

/** What a verification looks at; a cursor of one is no good for another one. */
export type CursorScope = {
  readonly repository: RepositoryId;
  /** Proves that a cursor was made by who has the keys: one says what is not read any more. */
  readonly keys: Pick<RepositoryKeys, 'name'>;
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
  /** Errors that were told and are not told again. */
  readonly errors: number;
  /** Digests of the manifests of the points that were gone through, see {@link shortDigest}. */
  readonly checked: ReadonlySet<string>;
  /** Those of them of which damage was told. */
  readonly hurt: ReadonlySet<string>;
  /** Packs that were found hurt and that no damage record names; `null` when they are too many for a cursor. */
  readonly doubted: ReadonlySet<string> | null;
  /** Which directories of packs were read; `null` when none are to be. */
  readonly directories: DirectoryState | null;
  readonly within: BegunPoint | null;
};

/** A point that was begun, by the digest of its manifest. */
export type BegunPoint = MapPlace & {
  readonly point: string;
  /** Whether something was told of it. */
  readonly hurt: boolean;
  /** The digest of the packs that were in doubt when it was walked so far. */
  readonly doubts: string;
};

/** Which directories of packs were read: those of index objects by their digests, and the first so many of those that were begun. */
export type DirectoryState = {
  readonly checked: ReadonlySet<string>;
  readonly begun: { readonly [object: string]: number };
  /** Whether all that there were had been read once. */
  readonly wasDone: boolean;
};

const digestsSchema = z.string().regex(/^[\w-]*$/);
const schema = z.strictObject({
  version: z.literal(2),
  scope: z.string(),
  sample: z.number().gt(0).max(1),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1),
  errors: z.int().nonnegative(),
  checked: digestsSchema,
  hurt: digestsSchema,
  doubted: digestsSchema.nullable(),
  directories: z
    .strictObject({
      checked: digestsSchema,
      begun: z.record(z.string(), z.int().nonnegative()),
      wasDone: z.boolean(),
    })
    .nullable(),
  within: z
    .strictObject({
      point: z.string(),
      root: z.int().nonnegative(),
      chunk: z.int().nonnegative(),
      hurt: z.boolean(),
      doubts: z.string(),
    })
    .nullable(),
});

/** What of the id of a manifest, or the key of an index object, a cursor holds: short, because it holds that of all. */
export function shortDigest(id: string): string {
  return createHash('sha256').update(id).digest().subarray(0, DIGEST_BYTES).toString('hex');
}

/** A cursor as text of letters, digits, `-`, `_` and `.`. What is too much for it is left out: it is gone through again. */
export function serializeCursor(scope: CursorScope, state: CursorState): string {
  const { checked, hurt, doubted, directories: read, ...rest } = state;
  const directories = read && { ...read, checked: packHex(read.checked) };
  const isNamed = doubted !== null && doubted.size <= MOST_PACKS;
  const json = JSON.stringify({
    version: 2,
    scope: scopeDigest(scope),
    ...rest,
    checked: packHex(checked),
    hurt: packHex(hurt),
    doubted: isNamed ? packHex(doubted) : null,
    directories,
  });
  const encoded = Buffer.from(json).toString('base64url');
  return `${proofOf(scope, encoded)}.${encoded}`;
}

/** Throws `CONFIG_INVALID` for a cursor that is damaged, made without the keys, or of another repository or scope. */
export function parseCursor(text: string, scope: CursorScope): CursorState {
  const { version: _version, scope: made, ...parsed } = parseText(text, scope);
  const { checked, hurt, doubted, directories: read, ...rest } = parsed;
  if (made !== scopeDigest(scope))
    throw refused(
      'the cursor is of a verification of other points or of another depth',
      'resume with the same options',
    );
  if (scope.sample !== undefined && scope.sample !== rest.sample)
    throw refused(
      `the cursor is of a verification that reads ${rest.sample} of the data, not ${scope.sample}`,
      'leave the sample out: that of the cursor counts',
    );
  return {
    ...rest,
    checked: unpackHex(checked, DIGEST_BYTES),
    hurt: unpackHex(hurt, DIGEST_BYTES),
    doubted: doubted === null ? null : unpackHex(doubted, PACK_ID_BYTES),
    directories: read && { ...read, checked: unpackHex(read.checked, DIGEST_BYTES) },
  };
}

function packHex(values: ReadonlySet<string>): string {
  const some = [...values].slice(0, MOST_DIGESTS);
  return Buffer.from(some.join(''), 'hex').toString('base64url');
}

function unpackHex(text: string, bytes: number): ReadonlySet<string> {
  const each = new RegExp(`.{${2 * bytes}}`, 'g');
  return new Set(Buffer.from(text, 'base64url').toString('hex').match(each));
}

function parseText(text: string, scope: CursorScope): z.infer<typeof schema> {
  const [proof = '', encoded, ...more] = text.length > MOST_CHARACTERS ? [] : text.trim().split('.');
  const isWhole = more.length === 0 && encoded !== undefined && isEqual(proof, proofOf(scope, encoded));
  const parsed = isWhole
    ? schema.safeParse(parseJson(Buffer.from(encoded, 'base64url').toString()))
    : undefined;
  if (parsed?.success === true) return parsed.data;
  throw refused(
    'the cursor is not one that a verification of this repository told',
    'give it whole, or verify from the start',
  );
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function isEqual(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}

function proofOf({ keys }: CursorScope, encoded: string): string {
  return nameTag(keys, 'verify-cursor', encoded);
}

function scopeDigest({ repository, depth, points, after }: CursorScope): string {
  return shortDigest(JSON.stringify([repository, depth, points?.toSorted() ?? null, after ?? null]));
}

function refused(message: string, remedy: string): SendenseError {
  return new SendenseError('CONFIG_INVALID', message, { operation: 'verify-points', remedy });
}
