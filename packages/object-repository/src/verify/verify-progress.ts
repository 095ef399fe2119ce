import type { PointId, VerifyScope } from '@sendense/core';
import type { PointRecord } from '../records/point-record.ts';
import { FIRST_PLACE, type MapPlace } from './map-place.ts';
import { type CursorScope, type CursorState, serializeCursor, shortDigest } from './verify-cursor.ts';

/** Keeps how far a verification is, and tells it. */
export class VerifyProgress {
  readonly #scope: CursorScope;
  readonly #points: readonly PointRecord[];
  readonly #tell: VerifyScope['onCoverage'];
  #state: CursorState;

  /** `points` are those of the scope, oldest first. */
  constructor(
    scope: CursorScope,
    points: readonly PointRecord[],
    state: CursorState,
    tell: VerifyScope['onCoverage'],
  ) {
    this.#scope = scope;
    this.#points = points;
    this.#tell = tell;
    // what is no point any more needs no room in cursors
    const there = points.map(({ id }) => shortDigest(id)).filter((digest) => state.checked.has(digest));
    this.#state = { ...state, checked: new Set(there) };
  }

  /** The part of the data that is read. */
  get sample(): number {
    return this.#state.sample;
  }

  /** Points that were gone through. */
  get checked(): readonly PointRecord[] {
    return this.#points.filter((point) => this.#isChecked(point));
  }

  /** Those that were not; the one that was begun comes first. */
  get left(): readonly PointRecord[] {
    const left = this.#points.filter((point) => !this.#isChecked(point));
    const begun = left.filter(({ id }) => id === this.#state.within?.point);
    return [...begun, ...left.filter((point) => !begun.includes(point))];
  }

  /** Whether directories of packs are left. */
  get hasDirectoriesLeft(): boolean {
    return this.#state.directories !== null;
  }

  /** How many of the packs of an index object had their directories read. */
  directoriesRead(object: string): number {
    const { directories } = this.#state;
    const digest = shortDigest(object);
    if (directories === null || directories.checked.has(digest)) return Number.POSITIVE_INFINITY;
    return directories.begun[digest] ?? 0;
  }

  /** The directories of the first so many packs of an index object were read. */
  noteDirectories(object: string, packs: number): void {
    const { directories } = this.#state;
    if (directories === null) return;
    const begun = { ...directories.begun, [shortDigest(object)]: packs };
    this.#state = { ...this.#state, directories: { ...directories, begun } };
  }

  /** Those of all packs of an index object were. */
  noteObject(object: string): void {
    const { directories } = this.#state;
    if (directories === null) return;
    const { [shortDigest(object)]: _read, ...begun } = directories.begun;
    const checked = new Set([...directories.checked, shortDigest(object)]);
    this.#state = { ...this.#state, directories: { checked, begun } };
  }

  /** All of them were. */
  noteAllDirectories(): void {
    this.#state = { ...this.#state, directories: null };
  }

  /** Where to go on with a point, and whether damage of it was told. */
  placeIn(id: PointId): MapPlace & { readonly hurt: boolean } {
    const { within } = this.#state;
    return within?.point === id ? within : { ...FIRST_PLACE, hurt: false };
  }

  /** Whether a chunk is one of those that are read: each id has the same chance, and is or is not for the whole verification. */
  isSampled(chunk: Uint8Array): boolean {
    const { sample, seed } = this.#state;
    return ((Buffer.from(chunk).readUInt32LE() ^ seed) >>> 0) / 2 ** 32 < sample;
  }

  /** An error was told. */
  noteError(): void {
    this.#state = { ...this.#state, errors: this.#state.errors + 1 };
  }

  /** A point was walked up to a place. */
  noteBegun(point: PointId, { root, chunk }: MapPlace, hurt: boolean): void {
    this.#state = { ...this.#state, within: { point, root, chunk, hurt } };
  }

  /** A point was gone through. */
  noteChecked(point: PointId): void {
    const checked = new Set([...this.#state.checked, shortDigest(point)]);
    const { within } = this.#state;
    this.#state = { ...this.#state, checked, within: within?.point === point ? null : within };
  }

  /** Tells how far it is. */
  tell(): void {
    if (this.#tell === undefined) return;
    const left = this.left.map(({ id }) => id);
    this.#tell({
      checked: this.checked.map(({ id }) => id),
      left,
      sample: this.#state.sample,
      cursor:
        left.length === 0 && !this.hasDirectoriesLeft ? null : serializeCursor(this.#scope, this.#state),
    });
  }

  #isChecked({ id }: PointRecord): boolean {
    return this.#state.checked.has(shortDigest(id));
  }
}
