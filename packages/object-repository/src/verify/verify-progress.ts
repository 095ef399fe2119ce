import type { VerifyScope } from '@sendense/core';
import type { PointRecord } from '../records/point-record.ts';
import { DirectoryProgress } from './directory-progress.ts';
import { FIRST_PLACE, type MapPlace } from './map-place.ts';
import {
  type BegunPoint,
  type CursorScope,
  type CursorState,
  serializeCursor,
  shortDigest,
} from './verify-cursor.ts';

/** A point of the scope, and the digest of its manifest: one that was made again under the id of another is another one. */
export type ScopePoint = { readonly record: PointRecord; readonly digest: string };

/** Keeps how far a verification is, and tells it. */
export class VerifyProgress {
  readonly #scope: CursorScope;
  readonly #points: readonly ScopePoint[];
  readonly #tell: VerifyScope['onCoverage'];
  readonly #drawn: Pick<CursorState, 'sample' | 'seed'>;
  readonly #checked: Set<string>;
  readonly #hurt: Set<string>;
  /** Packs that were found hurt and that no damage record names; `null`: more than an earlier run could tell. */
  readonly doubted: Set<string> | null;
  readonly directories: DirectoryProgress;
  #errors: number;
  #within: BegunPoint | null;

  /** `points` are those of the scope, oldest first. */
  constructor(
    scope: CursorScope,
    points: readonly (PointRecord & { readonly manifestId: string })[],
    state: CursorState,
    tell: VerifyScope['onCoverage'],
  ) {
    this.#scope = scope;
    this.#points = points.map((record) => ({ record, digest: shortDigest(record.manifestId) }));
    this.#tell = tell;
    this.#drawn = { sample: state.sample, seed: state.seed };
    // what is no point any more needs no room in cursors
    const there = this.#points.map(({ digest }) => digest);
    this.#checked = new Set(there.filter((digest) => state.checked.has(digest)));
    this.#hurt = new Set(there.filter((digest) => state.hurt.has(digest)));
    this.doubted = state.doubted && new Set(state.doubted);
    this.directories = new DirectoryProgress(state.directories);
    this.#errors = state.errors;
    this.#within = state.within;
  }

  /** The part of the data that is read. */
  get sample(): number {
    return this.#drawn.sample;
  }

  /** Points that were gone through. */
  get checked(): readonly ScopePoint[] {
    return this.#points.filter(({ digest }) => this.#checked.has(digest));
  }

  /** Those that were not; the one that was begun comes first. */
  get left(): readonly ScopePoint[] {
    const left = this.#points.filter(({ digest }) => !this.#checked.has(digest));
    const begun = left.filter(({ digest }) => digest === this.#within?.point);
    return [...begun, ...left.filter((point) => !begun.includes(point))];
  }

  /** Where to go on with a point, whether damage of it was told, and which packs were in doubt then. */
  placeIn({ digest }: ScopePoint): Omit<BegunPoint, 'point'> {
    if (this.#within?.point === digest) return this.#within;
    return { ...FIRST_PLACE, hurt: this.isHurt({ digest }), doubts: '' };
  }

  /** Whether damage was told of a point that was gone through. */
  isHurt({ digest }: Pick<ScopePoint, 'digest'>): boolean {
    return this.#hurt.has(digest);
  }

  /** Whether a chunk is one of those that are read: each id has the same chance, and is or is not for the whole verification. */
  isSampled(chunk: Uint8Array): boolean {
    const { sample, seed } = this.#drawn;
    return ((Buffer.from(chunk).readUInt32LE() ^ seed) >>> 0) / 2 ** 32 < sample;
  }

  /** An error is told that will not be told again. */
  noteError(): void {
    this.#errors += 1;
  }

  /** Packs are hurt, and no damage record says so. */
  noteUnnoted(packs: readonly string[]): void {
    for (const pack of packs) this.doubted?.add(pack);
  }

  /** A point was walked up to a place. */
  noteBegun({ digest }: ScopePoint, { root, chunk }: MapPlace, hurt: boolean, doubts: string): void {
    this.#within = { point: digest, root, chunk, hurt, doubts };
  }

  /** Damage is told of a point that was gone through. */
  noteHurt({ digest }: ScopePoint): void {
    this.#hurt.add(digest);
  }

  /** A point was gone through. */
  noteChecked({ digest }: ScopePoint): void {
    this.#checked.add(digest);
    if (this.#within?.point === digest) this.#within = null;
  }

  /** Tells how far it is. Takes as long as there are points: to be called now and then. */
  tell(): void {
    if (this.#tell === undefined) return;
    const left = this.left.map(({ record }) => record.id);
    const isDone = left.length === 0 && this.directories.isDone;
    this.#tell({
      checked: this.checked.map(({ record }) => record.id),
      left,
      sample: this.sample,
      cursor: isDone ? null : serializeCursor(this.#scope, this.#state),
    });
  }

  get #state(): CursorState {
    return {
      ...this.#drawn,
      errors: this.#errors,
      checked: this.#checked,
      hurt: this.#hurt,
      doubted: this.doubted,
      directories: this.directories.state,
      within: this.#within,
    };
  }
}
