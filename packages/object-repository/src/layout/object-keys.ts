import type { DiskId, MachineKey, PointId, StreamId } from '@sendense/core';
import { nameTag, type RepositoryKeys } from '../keys/repository-keys.ts';

/** The key of the configuration. */
export const CONFIGURATION_KEY = 'sendense-object-repository';

/** What the keys of each kind of object begin with. */
export const PREFIXES = {
  slots: 'keys/',
  packs: 'packs/',
  index: 'index/',
  young: 'young/',
  points: 'points/',
  disks: 'disks/',
  plans: 'prune/plan-',
  locks: 'prune/lock-',
  damage: 'damage/',
  progress: 'progress/',
  probes: 'probe/',
  removals: 'removed/',
} as const;

const SEQUENCE_DIGITS = 16;
const NUMBER_DIGITS = 8;
const LOCK_DIGITS = 12;

/** The key of a pack; `id` is 32 hex digits. */
export const packKey = (id: string): string => `${PREFIXES.packs}${id.slice(0, 2)}/${id}`;

/** The id of the pack at a key; `undefined` for what is no key of a pack. */
export function packIdOf(key: string): string | undefined {
  const id = key.slice(-32);
  return /^[0-9a-f]{32}$/.test(id) && packKey(id) === key ? id : undefined;
}

/** What the manifests of a stream begin with. */
export function streamPrefix(
  keys: RepositoryKeys,
  point: { readonly machine: MachineKey; readonly stream: StreamId },
): string {
  return `${PREFIXES.points}${nameTag(keys, 'stream', point.machine, point.stream)}/`;
}

/** The key of the manifest of a sequence. */
export const pointKey = (prefix: string, sequence: number): string =>
  `${prefix}${String(sequence).padStart(SEQUENCE_DIGITS, '0')}`;

/** The stream of the manifest at a key, as the store knows it. */
export const streamOf = (key: string): string => key.slice(0, -SEQUENCE_DIGITS);

/** What the numbers of the disks of a machine begin with. */
export const disksPrefix = (keys: RepositoryKeys, machine: MachineKey): string =>
  `${PREFIXES.disks}${nameTag(keys, 'machine', machine)}/`;

/** What the records of how far a disk of a point is begin with. */
export const progressPrefix = (keys: RepositoryKeys, point: PointId, disk: DiskId): string =>
  `${PREFIXES.progress}${nameTag(keys, 'progress', point, disk)}/`;

/** The key of the N-th of such records. */
export const progressKey = (prefix: string, number: number): string =>
  `${prefix}${String(number).padStart(NUMBER_DIGITS, '0')}`;

/** The key of the N of `disk-N`. */
export const diskNumberKey = (prefix: string, number: number): string =>
  `${prefix}${String(number).padStart(NUMBER_DIGITS, '0')}`;

/** The key of the N-th lock of pruners. */
export const lockKey = (number: number): string =>
  `${PREFIXES.locks}${String(number).padStart(LOCK_DIGITS, '0')}`;

/** The key of a removal of that day since 1970; `id` is 32 hex digits. */
export const removalKey = (day: number, id: string): string =>
  `${PREFIXES.removals}${String(day).padStart(NUMBER_DIGITS, '0')}-${id}`;

/** The day of the removal at a key; `undefined` for what is no key of one. */
export function removalDay(key: string): number | undefined {
  const digits = /^removed\/(\d{8})-[0-9a-f]{32}$/.exec(key)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The number at the end of a key; `undefined` where there is none that this format writes. */
export function numberAtEnd(key: string): number | undefined {
  const digits = /[/-](\d{8,16})$/.exec(key)?.[1];
  const number = Number(digits);
  return digits !== undefined && Number.isSafeInteger(number) ? number : undefined;
}
