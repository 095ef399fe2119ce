import { createHash, randomUUID } from 'node:crypto';
import { SendenseError } from '../errors/sendense-error.ts';
import type { Brand } from './brand.ts';

/** One frozen moment of one machine: points, replicas, change states and deltas are named by it. */
export type InstantId = Brand<'instant'>;
/** Chosen and journalled by the caller before `capture()`; names every object made on the platform. */
export type CaptureId = Brand<'capture'>;
/** A recovery point of a repository. */
export type PointId = Brand<'point'>;
/** A repository, whatever path or address it is reached by. */
export type RepositoryId = Brand<'repository'>;
/** The owner of a line of baselines: one job writing to one destination. */
export type StreamId = Brand<'stream'>;
/** Identity of a disk as the platform knows it: a replaced disk has a new one. Position is `DiskSlot`. */
export type DiskId = Brand<'disk'>;
/** UUID of a machine, derived from its `MachineRef`: a platform's own VM UUID is not unique. */
export type MachineKey = Brand<'machine'>;
/** Names everything a restore creates on the target. */
export type PlanId = Brand<'plan'>;
/** A run of an engine verb. */
export type JobId = Brand<'job'>;

const SAFE = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function safe(kind: string, text: string): string {
  if (SAFE.test(text)) return text;
  throw new SendenseError('CONFIG_INVALID', `not a valid ${kind} id: ${JSON.stringify(text.slice(0, 160))}`, {
    operation: `parse-${kind}-id`,
    remedy: 'use 1 to 128 letters, digits, ".", "_", ":" or "-", starting with a letter or digit',
  });
}

/** Checks an id that becomes part of file and object names: 1–128 of `A–Z a–z 0–9 . _ : -`. Throws `CONFIG_INVALID`. */
export const instantId = (text: string): InstantId => safe('instant', text) as InstantId;
/** See {@link instantId}. */
export const captureId = (text: string): CaptureId => safe('capture', text) as CaptureId;
/** See {@link instantId}. */
export const pointId = (text: string): PointId => safe('point', text) as PointId;
/** See {@link instantId}. */
export const repositoryId = (text: string): RepositoryId => safe('repository', text) as RepositoryId;
/** See {@link instantId}. */
export const streamId = (text: string): StreamId => safe('stream', text) as StreamId;
/** See {@link instantId}. */
export const planId = (text: string): PlanId => safe('plan', text) as PlanId;
/** See {@link instantId}. */
export const jobId = (text: string): JobId => safe('job', text) as JobId;

/** Checks a platform's disk identity: 1–256 printable characters; it is never used as a file name. Throws `CONFIG_INVALID`. */
export function diskId(text: string): DiskId {
  if (text.length > 0 && text.length <= 256 && !/\p{Cc}/u.test(text)) return text as DiskId;
  throw new SendenseError('CONFIG_INVALID', 'a disk id is 1 to 256 printable characters', {
    operation: 'parse-disk-id',
  });
}

/** Checks a lower-case UUID. Throws `CONFIG_INVALID`. */
export function machineKey(text: string): MachineKey {
  if (UUID.test(text)) return text as MachineKey;
  throw new SendenseError(
    'CONFIG_INVALID',
    `not a machine key (a lower-case UUID): ${JSON.stringify(text.slice(0, 64))}`,
    {
      operation: 'parse-machine-key',
    },
  );
}

/** The UUIDv5 (RFC 9562, SHA-1) of `name` under `namespace`, both as text. */
export function uuidV5(namespace: string, name: string): string {
  const hash = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}

/** A new random UUID (v4) for ids that must not be guessed or repeated. */
export function randomId(): string {
  return randomUUID();
}
