import { type Call, type Finding, SendenseError, type SocketAddress } from '@sendense/core';
import type { QmpClient } from '@sendense/platform-kvm/qmp';
import type { FileSystem } from '@sendense/plugin-kit/files';
import type { FrozenDisk, FrozenInstant, InstantRequest } from '../host/machine-host.ts';
import { nbdDisk } from '../host/nbd-disk.ts';
import { notRemoved } from '../host/not-removed.ts';
import { givenUp, ScratchWatch } from '../host/scratch-watch.ts';
import type { Monitor } from './monitor.ts';
import { changesBitmap, objectNames } from './object-names.ts';
import { queryJobs } from './queries.ts';

/** What an instant needs of its host. */
export type InstantHost = {
  readonly monitor: Monitor;
  readonly fileSystem: FileSystem;
  /** Where the exports are. */
  readonly address: SocketAddress;
  /** Removes everything temporary. */
  end(qmp: QmpClient): Promise<void>;
};

/** What was frozen, and when. */
export type InstantFacts = {
  readonly request: InstantRequest;
  readonly at: Date;
  readonly findings: readonly Finding[];
  /** Where the scratch files are. */
  readonly folders: readonly string[];
};

function instantLost(message: string, cause?: unknown): SendenseError {
  return new SendenseError('INSTANT_LOST', message, {
    operation: 'check-instant',
    cause,
    remedy: 'repeat the backup; where the scratch folder was full, make room or name another one',
  });
}

/** A frozen instant: exports of overlays that copy-before-write jobs keep as they were. */
export class QmpInstant implements FrozenInstant {
  readonly at;
  readonly consistency = 'crash';
  readonly artifacts = [];
  readonly disks: readonly FrozenDisk[];
  readonly findings;
  readonly #host: InstantHost;
  readonly #jobs: readonly string[];
  readonly #watch: ScratchWatch;
  #full: string | undefined;
  #ending: Promise<readonly Finding[]> | undefined;

  constructor(host: InstantHost, { request, at, findings, folders }: InstantFacts) {
    const names = request.disks.map((_, index) => objectNames(request.baseline, index));
    this.#host = host;
    this.#jobs = names.map(({ job }) => job);
    this.at = at;
    this.findings = findings;
    this.#watch = new ScratchWatch(host.fileSystem, folders, (folder) => {
      this.#full = folder;
      void this.end();
    });
    this.disks = request.disks.map(({ disk, since, track }, index) =>
      nbdDisk({
        id: disk.id,
        tracked: track,
        endpoint: { kind: 'nbd', address: host.address, export: names[index]?.export ?? '' },
        dirtyContext: since === null ? null : `qemu:dirty-bitmap:${changesBitmap(request.baseline)}`,
      }),
    );
  }

  /** A job that failed lets the guest's writes through to what is read: nothing since then is of the instant. */
  async check(call?: Call): Promise<void> {
    if (this.gaveUp !== undefined) throw instantLost(this.gaveUp);
    if (this.#ending !== undefined) throw instantLost('the instant was ended');
    const jobs = await this.#host.monitor
      .use((qmp) => queryJobs(qmp, call), call)
      .catch((error: unknown) => {
        if (call?.signal?.aborted === true) throw error;
        throw instantLost('QEMU cannot be asked whether the instant still holds', error);
      });
    for (const id of this.#jobs) {
      const job = jobs.find((one) => one.id === id);
      if (job === undefined) throw instantLost(`the job ${id} is gone`);
      if (job.status !== 'running' && job.status !== 'paused') {
        throw instantLost(`the job ${id} failed: ${job.error ?? job.status}`);
      }
    }
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
    try {
      await this.#host.monitor.use((qmp) => this.#host.end(qmp));
      return [];
    } catch (error) {
      return [notRemoved('what was made for the backup', error)];
    }
  }
}
