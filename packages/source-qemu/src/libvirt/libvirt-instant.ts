import { type Artifact, type Call, type Finding, SendenseError } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit/files';
import type { FrozenDisk, FrozenInstant, InstantRequest } from '../host/machine-host.ts';
import { nbdDisk } from '../host/nbd-disk.ts';
import { notRemoved } from '../host/not-removed.ts';
import { givenUp, ScratchWatch } from '../host/scratch-watch.ts';
import { endJob, hasJob } from './backup-job.ts';
import { exportBitmap } from './backup-xml.ts';
import type { DomainSession } from './domain-session.ts';
import { removeScratchFolder, type ScratchFolder } from './scratch-folder.ts';

/** Where the job runs and has its socket and scratch files. */
export type JobPlace = {
  readonly session: DomainSession;
  readonly fileSystem: FileSystem;
  /** The folder that holds the folder of the job. */
  readonly base: string;
  readonly places: ScratchFolder;
  /** Ends the job if this process dies. */
  readonly guard: Disposable;
};

/** What was frozen, and how. */
export type JobFacts = {
  readonly request: InstantRequest;
  readonly at: Date;
  /** Whether the guest's file systems were frozen at the instant. */
  readonly frozen: boolean;
  readonly artifacts: readonly Artifact[];
  readonly findings: readonly Finding[];
};

function instantLost(message: string): SendenseError {
  return new SendenseError('INSTANT_LOST', message, {
    operation: 'check-instant',
    remedy:
      'repeat the backup; the machine stopped, the scratch files found no room, or somebody ended the job',
  });
}

/** A frozen instant: the exports of a pull-mode backup job. */
export class LibvirtInstant implements FrozenInstant {
  readonly at;
  readonly consistency;
  readonly artifacts;
  readonly findings;
  readonly disks: readonly FrozenDisk[];
  readonly #place: JobPlace;
  readonly #baseline: string;
  readonly #watch: ScratchWatch;
  #full: string | undefined;
  #ending: Promise<readonly Finding[]> | undefined;

  constructor(place: JobPlace, { request, at, frozen, artifacts, findings }: JobFacts) {
    const { socket } = place.places;
    this.#place = place;
    this.#baseline = request.baseline;
    this.at = at;
    this.consistency = frozen ? ('filesystem' as const) : ('crash' as const);
    this.artifacts = artifacts;
    this.findings = findings;
    this.disks = request.disks.map(({ disk: { id, target }, since, track }) =>
      nbdDisk({
        id,
        tracked: track,
        endpoint: { kind: 'nbd', address: { kind: 'unix', path: socket }, export: target },
        dirtyContext: since === null ? null : `qemu:dirty-bitmap:${exportBitmap(target)}`,
      }),
    );
    this.#watch = new ScratchWatch(place.fileSystem, [place.base], (folder) => {
      this.#full = folder;
      void this.end();
    });
  }

  async check(call?: Call): Promise<void> {
    if (this.gaveUp !== undefined) throw instantLost(this.gaveUp);
    const { session, places } = this.#place;
    if (await hasJob(session, places.socket, call)) return;
    throw instantLost('the backup job ended before its disks were read');
  }

  get gaveUp(): string | undefined {
    return this.#full === undefined ? undefined : givenUp(this.#full);
  }

  end(): Promise<readonly Finding[]> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<readonly Finding[]> {
    this.#watch.stop();
    const { session, places, base, guard } = this.#place;
    try {
      await endJob(session, places.socket);
      guard[Symbol.dispose]();
      await removeScratchFolder(base, this.#baseline);
      return [];
    } catch (error) {
      return [notRemoved('the backup job or its folder', error)];
    }
  }
}
