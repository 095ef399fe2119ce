import { type Call, SendenseError } from '@sendense/core';
import { type ImageContext, removeStaleLocks } from '@sendense/platform-image';
import type { BitmapName } from '@sendense/plugin-kit/baselines';
import type {
  DescribeCall,
  FrozenInstant,
  InstantRequest,
  MachineHost,
  Power,
  Removal,
} from '../host/machine-host.ts';
import { notRemoved } from '../host/not-removed.ts';
import { DomainSession } from './domain-session.ts';
import { LibvirtHost, type LibvirtHostOptions } from './libvirt-host.ts';
import { readDomain } from './read-domain.ts';
import { checkResting, RestingHost, type RestingOptions } from './resting-host.ts';
import { switched } from './switched.ts';

/** How a domain is reached, and its images while it is off. */
export type DomainHostOptions = LibvirtHostOptions & RestingOptions;

/** A domain of libvirt, running or not: each call goes to what it is now. */
export class DomainHost implements MachineHost {
  readonly #session: DomainSession;
  readonly #images: ImageContext;
  readonly #running: LibvirtHost;
  readonly #resting: RestingHost;

  constructor(options: DomainHostOptions, images: ImageContext) {
    this.#session = new DomainSession(options);
    this.#images = images;
    const { fileSystem, clock } = images;
    this.#running = new LibvirtHost(this.#session, options, fileSystem, () => clock.now());
    this.#resting = new RestingHost(this.#session, images, options);
  }

  async describe(call?: DescribeCall) {
    return await (await this.#host(call)).describe(call);
  }

  checkConsistency(consistency: InstantRequest['consistency'], power: Power) {
    return power === 'off' ? checkResting(consistency) : this.#running.checkConsistency(consistency);
  }

  /** Rejects with `CONFLICT` when the domain was started or stopped since its disks were decided about. */
  async begin(request: InstantRequest, call?: Call): Promise<FrozenInstant> {
    const off = await this.#isOff(call);
    if (off !== (request.power === 'off')) throw switched(off);
    return await (off ? this.#resting : this.#running).begin(request, call);
  }

  async removeBitmaps(unwanted: (made: BitmapName) => boolean, call?: Call): Promise<Removal> {
    return await (await this.#host(call)).removeBitmaps(unwanted, call);
  }

  /** What a killed capture left can be of either kind, whatever the domain is now. */
  async tidy(isLeft: (made: BitmapName) => boolean, call?: Call): Promise<Removal> {
    const { removed, findings } = await this.#running.tidy(isLeft, call);
    const locks = await this.#staleLocks(call);
    return { removed: [...removed, ...locks.removed], findings: [...findings, ...locks.findings] };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }

  async #host(call?: Call): Promise<LibvirtHost | RestingHost> {
    return (await this.#isOff(call)) ? this.#resting : this.#running;
  }

  /** Whether the domain is there and has no QEMU. One that is paused, crashed or asleep still has one. */
  async #isOff(call?: Call): Promise<boolean> {
    return (await this.#session.find('domid', [], call))?.trim() === '-';
  }

  /** Locks of bitmap edits whose process died, beside the images. */
  async #staleLocks(call?: Call): Promise<Removal> {
    const removed: string[] = [];
    const domain = await ifThere(readDomain(this.#session, call));
    for (const disk of domain?.disks ?? []) {
      if (disk.source?.type !== 'file') continue;
      try {
        const locks = await ifThere(removeStaleLocks(this.#images, disk.source.path));
        removed.push(...(locks ?? []).map((lock) => `lock ${lock}`));
      } catch (error) {
        return { removed, findings: [notRemoved(`locks beside ${disk.source.path}`, error)] };
      }
    }
    return { removed, findings: [] };
  }
}

async function ifThere<T>(asked: Promise<T>): Promise<T | undefined> {
  return await asked.catch((error: unknown) => {
    if (SendenseError.is(error, 'NOT_FOUND')) return undefined;
    throw error;
  });
}
