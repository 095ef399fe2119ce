import { type PointId, pointId, type RepositoryId, SendenseError } from '@sendense/core';
import { z } from 'zod';
import type { FoundPoint } from '../read/point-catalog.ts';

const FORMAT = 'sendense-trusted-head';
const VERSION = 1;

const schema = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  repository: z.string(),
  checkedAt: z.iso.datetime(),
  points: z.array(
    z.strictObject({
      point: z.string().transform(pointId),
      key: z.string().regex(/^points\/[0-9a-f]{32}\/\d{16}$/),
      manifest: z.string().regex(/^[0-9a-f]{32}$/),
    }),
  ),
});

/** A point that this client saw: its id, the key of its manifest, and which of all manifests that ever were at the key. */
export type KnownPoint = { readonly point: PointId; readonly key: string; readonly manifest: string };

/** What a client saw of a repository. */
export type HeadState = {
  /** When every known point was there, or removed by a pruner; by this client's clock. */
  readonly checkedAt: Date;
  readonly points: readonly KnownPoint[];
};

/** A found point as a head keeps it. */
export function knownPoint({ key, record, manifestId }: FoundPoint): KnownPoint {
  return { point: record.id, key, manifest: manifestId };
}

/** The head of a repository as it is saved. */
export function serializeHead(repository: RepositoryId, { checkedAt, points }: HeadState): string {
  const head = { format: FORMAT, version: VERSION, repository, checkedAt: checkedAt.toISOString(), points };
  return `${JSON.stringify(head)}\n`;
}

/** Reads what was saved, at a place that is named to people. Throws `CORRUPT`; `FORMAT_UNSUPPORTED` for a newer version. */
export function parseHead(repository: RepositoryId, saved: string, place: string): HeadState {
  const json = parseJson(saved);
  const { format, version } =
    z.looseObject({ format: z.unknown(), version: z.unknown() }).safeParse(json).data ?? {};
  if (format === FORMAT && typeof version === 'number' && version > VERSION)
    throw new SendenseError('FORMAT_UNSUPPORTED', `the trusted head at ${place} has version ${version}`, {
      operation: 'load-trusted-head',
      remedy: 'use the version of Sendense that wrote it, or a newer one',
    });
  const head = safeParse(json);
  if (head?.repository === repository) return { checkedAt: new Date(head.checkedAt), points: head.points };
  throw new SendenseError('CORRUPT', `the trusted head at ${place} is not one of repository ${repository}`, {
    operation: 'load-trusted-head',
    remedy: `put it back from a copy; without it nobody can tell whether the store was put back to an earlier state: if you are sure that it was not, delete ${place}`,
    context: { repository },
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function safeParse(saved: unknown) {
  try {
    return schema.safeParse(saved).data;
  } catch (error) {
    if (SendenseError.is(error)) return undefined; // an id that is none
    throw error;
  }
}
