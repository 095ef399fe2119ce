import {
  type Call,
  consistencySatisfies,
  diskId,
  type Finding,
  SendenseError,
  type SkippedDisk,
} from '@sendense/core';
import { addBaseline, type ImageContext, type ImageFile } from '@sendense/platform-image';
import type { Domain } from '@sendense/platform-kvm/domain';
import type { BitmapName } from '@sendense/plugin-kit/baselines';
import type {
  DescribeCall,
  FrozenInstant,
  HostDisk,
  HostMachine,
  InstantRequest,
  Removal,
} from '../host/machine-host.ts';
import { redefineCheckpoint } from './checkpoints.ts';
import { readArtifacts } from './domain-artifacts.ts';
import type { DomainSession } from './domain-session.ts';
import { exclusively } from './exclusively.ts';
import { type DomainNames, hostMachineOf, readDomain, readSizes, whySkipped } from './read-domain.ts';
import { removeRestingBitmaps } from './resting-bitmaps.ts';
import { notAtRest, openResting, type RestingImage, restingDisk, restingFile } from './resting-disk.ts';
import { RestingInstant } from './resting-instant.ts';

/** The most bitmaps of ours in one image, beside the names of the machine. */
export type RestingOptions = DomainNames & { readonly maxBaselines: number };

/** A domain that is shut off: its image files, with bitmaps that libvirt is told of as checkpoints. */
export class RestingHost {
  readonly #session: DomainSession;
  readonly #images: ImageContext;
  readonly #options: RestingOptions;

  constructor(session: DomainSession, images: ImageContext, options: RestingOptions) {
    this.#session = session;
    this.#images = images;
    this.#options = options;
  }

  async describe(call?: DescribeCall): Promise<HostMachine> {
    const domain = await readDomain(this.#session, call);
    const sizes = domain.disks.every((disk) => restingFile(disk) !== undefined)
      ? new Map<string, number>()
      : await readSizes(this.#session, call);
    const disks: HostDisk[] = [];
    const skipped: SkippedDisk[] = [];
    for (const disk of domain.disks) {
      const reason = whySkipped(disk);
      if (reason !== undefined) skipped.push({ id: diskId(disk.target), reason });
      else disks.push(await restingDisk(this.#images, disk, sizes.get(disk.target), call));
    }
    const findings = await savedMemory(this.#session, call);
    return hostMachineOf(domain, this.#options, { disks, skipped, findings });
  }

  /**
   * Adds the new baselines and opens the images, which `check` of the instant then proves to have stood still. Rejects
   * with `LOCKED` when a program has one, `UNSUPPORTED` for a disk in no file.
   */
  async begin(request: InstantRequest, call?: Call): Promise<FrozenInstant> {
    const images: RestingImage[] = [];
    try {
      const domain = await readDomain(this.#session, call);
      const files = request.disks.map(({ disk }) => fileOf(domain, disk));
      const { tracked, findings } = await this.#track(request, files);
      for (const [index, file] of files.entries()) {
        const image = await openResting(this.#images, file);
        images.push(image);
        checkUnchanged(request.disks[index], image);
      }
      const at = this.#images.clock.now();
      const besides = await readArtifacts(this.#session, this.#images.fileSystem, call);
      const said = [...checkResting(request.consistency), ...findings, ...besides.findings];
      const { artifacts } = besides;
      return new RestingInstant(request, { at, images, tracked, artifacts, findings: said });
    } catch (error) {
      await Promise.allSettled(images.map((image) => image[Symbol.asyncDispose]()));
      await this.removeBitmaps(({ name }) => name === request.baseline).catch(() => undefined); // `reconcile` finds it
      throw error;
    }
  }

  async removeBitmaps(unwanted: (made: BitmapName) => boolean, call?: Call): Promise<Removal> {
    const domain = await readDomain(this.#session, call);
    const remove = () => removeRestingBitmaps(this.#session, this.#images, { domain, unwanted }, call);
    return await exclusively(this.#session, remove, call);
  }

  /** A disk whose baseline fails is left out: its bytes are good, only its next backup is a full. */
  async #track({ disks, baseline }: InstantRequest, files: readonly ImageFile[]) {
    const tracked = new Set<string>();
    const findings: Finding[] = [];
    const made = { name: baseline, max: this.#options.maxBaselines };
    for (const [index, file] of files.entries()) {
      const { disk, track } = disks[index] ?? {};
      if (disk === undefined || track !== true) continue;
      try {
        const path = await this.#images.fileSystem.realPath(file.path);
        await addBaseline(this.#images, { ...file, path }, made);
        tracked.add(disk.target);
      } catch (error) {
        findings.push(noBaseline(disk, error));
      }
    }
    findings.push(...(await this.#tell(baseline, [...tracked])));
    return { tracked, findings };
  }

  /** Tells libvirt of the bitmaps, so that it does not let a snapshot of the stopped domain cut them off. */
  async #tell(baseline: string, targets: readonly string[]): Promise<readonly Finding[]> {
    if (targets.length === 0) return [];
    try {
      const tell = () => redefineCheckpoint(this.#session, baseline, targets);
      await exclusively(this.#session, tell);
      return [];
    } catch (error) {
      const message = `libvirt is told of the new baseline when the machine runs: ${textOf(error)}`;
      return [{ severity: 'info', code: 'checkpoint-not-defined', message }];
    }
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function noBaseline({ id, images: [image = ''] }: HostDisk, error: unknown): Finding {
  const message = `no baseline could be kept: ${textOf(error)}`;
  return { severity: 'warning', code: 'baseline-failed', message, disk: id, object: image };
}

function fileOf({ disks }: Domain, disk: HostDisk): ImageFile {
  const found = disks.find(({ target }) => target === disk.target);
  const file = found === undefined ? undefined : restingFile(found);
  if (file === undefined) throw notAtRest(disk);
  return file;
}

/** Rejects with `CONFLICT` when what was decided does not hold any more. */
function checkUnchanged(entry: InstantRequest['disks'][number] | undefined, image: RestingImage): void {
  if (entry === undefined) return;
  const { disk, since } = entry;
  const bitmap = since === null ? undefined : image.chain.find(since);
  const holds = since === null || (bitmap?.recording === true && bitmap.consistent);
  if (holds && image.opened.image.sizeBytes === disk.sizeBytes) return;
  throw new SendenseError('CONFLICT', `disk ${disk.label} changed while the backup began`, {
    operation: 'begin-capture',
    remedy: 'repeat the backup',
  });
}

/** What is weaker than `want`, as findings. Throws `QUIESCE_FAILED` when `accept` cannot be had. */
export function checkResting({ want, accept }: InstantRequest['consistency']): readonly Finding[] {
  if (!consistencySatisfies('crash', accept)) {
    throw new SendenseError('QUIESCE_FAILED', `a stopped machine gives crash consistency, not ${accept}`, {
      operation: 'begin-capture',
      remedy:
        'accept crash consistency, or start the machine: nothing is known of how its guest left the disks',
    });
  }
  if (want === 'crash') return [];
  const message = `${want} consistency was wanted; a stopped machine gives crash consistency`;
  return [{ severity: 'warning', code: 'consistency-weakened', message }];
}

/** What libvirt keeps of a machine that it put to sleep on disk is no part of its disks. */
async function savedMemory(session: DomainSession, call?: Call): Promise<readonly Finding[]> {
  if (!/^Managed save:\s+yes\s*$/m.test(await session.run('dominfo', [], call))) return [];
  const message =
    'the machine is saved (virsh managedsave): its memory is not backed up, its disks are as after pulling the plug';
  return [{ severity: 'warning', code: 'memory-left-out', message }];
}
