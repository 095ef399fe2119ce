import type { Artifact, Call, Finding } from '@sendense/core';
import { instantLost, steadyReader } from '@sendense/platform-image';
import type { FrozenDisk, FrozenInstant, InstantRequest } from '../host/machine-host.ts';
import type { RestingImage } from './resting-disk.ts';

/** What stands still, and since when. */
export type RestingFacts = {
  readonly at: Date;
  /** In the order of the request. */
  readonly images: readonly RestingImage[];
  /** The targets of disks in which the new baseline was made. */
  readonly tracked: ReadonlySet<string>;
  readonly artifacts: readonly Artifact[];
  readonly findings: readonly Finding[];
};

function restingFrozen(
  { disk, since }: InstantRequest['disks'][number],
  { opened, chain }: RestingImage,
  tracked: boolean,
): FrozenDisk {
  const changed = since === null ? null : (call?: Call) => chain.changed(since, call);
  return { id: disk.id, tracked, open: async () => ({ reader: steadyReader(opened), changed }) };
}

/** Files at rest: an instant for as long as nobody changes them, which `check` proves. */
export class RestingInstant implements FrozenInstant {
  readonly at;
  readonly consistency = 'crash';
  readonly disks: readonly FrozenDisk[];
  readonly artifacts;
  readonly findings;
  readonly #images: readonly RestingImage[];

  constructor(request: InstantRequest, { at, images, tracked, artifacts, findings }: RestingFacts) {
    this.at = at;
    this.artifacts = artifacts;
    this.findings = findings;
    this.#images = images;
    this.disks = request.disks.flatMap((entry, index) => {
      const image = images[index];
      return image === undefined ? [] : [restingFrozen(entry, image, tracked.has(entry.disk.target))];
    });
  }

  async check(): Promise<void> {
    for (const { opened } of this.#images) {
      const changed = await opened.watch.changedFile();
      if (changed !== undefined) throw instantLost(changed);
    }
  }

  async end(): Promise<readonly Finding[]> {
    for (const image of this.#images) await image[Symbol.asyncDispose]();
    return [];
  }
}
