import type { Finding } from '@sendense/core';
import type { MountRecord } from './mount-record.ts';
import { unmountVolumes } from './unmount-volumes.ts';

/** A volume whose files are shown. */
export type MountedVolume = MountRecord['volumes'][number];

/** Why a mount ended: it was closed, nobody used it, or what served it went away. */
export type MountEnd = 'closed' | 'idle' | 'lost';

/** What a mount is made of. */
export type MountParts = {
  readonly directory: string;
  readonly record: MountRecord;
  readonly findings: readonly Finding[];
  /** Takes everything away, by force where something is in use. */
  readonly close: () => Promise<void>;
};

/** The files of a recovery point as folders of this machine, until it is disposed, idle, or what serves it goes away. */
export class MountedPoint implements AsyncDisposable {
  readonly id: string;
  /** The folder of the files; where the point has several file systems it has a folder for each. */
  readonly path: string;
  readonly volumes: readonly MountedVolume[];
  /**
   * What was noteworthy: of the volumes, of those that are not mounted, of what mounts that died had left. Once it has `ended` also what
   * somebody had open in it then; before, why it goes on though nobody uses it.
   */
  readonly findings: readonly Finding[];
  /** Resolves when it is gone; rejects when taking it away failed. */
  readonly ended: Promise<MountEnd>;
  readonly #parts: MountParts;
  readonly #end = Promise.withResolvers<MountEnd>();
  #closing: Promise<void> | undefined;
  #unmounting: Promise<unknown> = Promise.resolve();

  constructor(parts: MountParts) {
    this.id = parts.record.id;
    this.path = parts.record.path;
    this.volumes = parts.record.volumes;
    this.findings = parts.findings;
    this.ended = this.#end.promise;
    this.ended.catch(() => undefined); // who closes it is told
    this.#parts = parts;
  }

  /** Ends it, unless somebody has something open in it: rejects with `LOCKED`, and all volumes are shown still. One after another. */
  unmount(end: MountEnd = 'closed'): Promise<void> {
    const unmounted = this.#unmounting.then(() => this.#unmount(end));
    this.#unmounting = unmounted.catch(() => undefined); // who asked is told
    return unmounted;
  }

  /** Ends it at once. What is open in it gives errors from then on. Idempotent. */
  async close(end: MountEnd = 'closed'): Promise<void> {
    this.#closing ??= this.#parts.close().then(
      () => this.#end.resolve(end),
      (error: unknown) => {
        this.#end.reject(error);
        throw error;
      },
    );
    await this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Volumes that are busy are mounted again: two that do so at once would lay them over each other. */
  async #unmount(end: MountEnd): Promise<void> {
    const { directory, record } = this.#parts;
    if (this.#closing === undefined) await unmountVolumes(directory, record, false);
    await this.close(end);
  }
}
