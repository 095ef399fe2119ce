import type { Clock } from '@sendense/core';
import { atMostEvery } from './at-most-every.ts';
import type { VerifyProgress } from './verify-progress.ts';

/** How often it tells how far it is, at most. */
const TELL_MS = 1000;

/** Which directories of packs are left, by the index objects that name the packs: those stay as they are while they are there. */
export class DirectoryWalk {
  readonly #progress: VerifyProgress;
  readonly #isOver: () => boolean;
  readonly #tell: () => void;
  /** However short the time is, one is read. */
  #isAdvanced = false;
  /** Whether the time was over before all were read. */
  isStopped = false;

  constructor(progress: VerifyProgress, isOver: () => boolean, clock: Clock) {
    this.#progress = progress;
    this.#isOver = isOver;
    this.#tell = atMostEvery(TELL_MS, clock, () => progress.tell());
  }

  /** Whether it is time to stop. */
  get isOver(): boolean {
    this.isStopped ||= this.#isAdvanced && this.#isOver();
    return this.isStopped;
  }

  /** How many packs of an index object need no reading any more. */
  read(object: string): number {
    return this.#progress.directories.read(object);
  }

  /** What there is to tell of the first so many packs of an index object is told. */
  note(object: string, packs: number): void {
    this.#isAdvanced = true;
    this.#progress.directories.note(object, packs);
    this.#tell();
  }

  /** The same of all of its packs. */
  noteObject(object: string): void {
    this.#progress.directories.noteObject(object);
  }

  /** An error of a directory is told now. */
  noteError(): void {
    this.#progress.noteError();
  }
}
