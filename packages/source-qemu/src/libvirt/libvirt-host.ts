import { dirname } from 'node:path';
import { type Call, type Finding, SendenseError, throwIfAborted } from '@sendense/core';
import { type BitmapName, parseBitmapName } from '@sendense/plugin-kit/baselines';
import type { FileSystem } from '@sendense/plugin-kit/files';
import type {
  DescribeCall,
  FrozenInstant,
  InstantRequest,
  MachineHost,
  Removal,
} from '../host/machine-host.ts';
import { notRemoved } from '../host/not-removed.ts';
import { checkScratchSpace } from '../host/scratch-watch.ts';
import { checkNoJob, endJob } from './backup-job.ts';
import { backupXml, checkpointXml } from './backup-xml.ts';
import { deleteCheckpoint, listCheckpoints } from './checkpoints.ts';
import { readArtifacts } from './domain-artifacts.ts';
import type { DomainAddress, DomainSession } from './domain-session.ts';
import { exclusively } from './exclusively.ts';
import { checkConsistency, whileFrozen } from './guest-freeze.ts';
import { JobGuard } from './job-guard.ts';
import { LibvirtInstant } from './libvirt-instant.ts';
import { type DomainNames, ourNames, readDomain, readMachine, trackable } from './read-domain.ts';
import {
  findScratchFolders,
  makeScratchFolder,
  removeScratchFolder,
  type ScratchFolder,
  scratchFolder,
} from './scratch-folder.ts';
import { storedBitmaps } from './stored-bitmaps.ts';
import { switched } from './switched.ts';

/** How a domain is reached. */
export type LibvirtHostOptions = DomainAddress &
  DomainNames & {
    /** Where the socket and the scratch files go; beside the first image when not given. */
    readonly scratchFolder: string | undefined;
  };

/** A running domain of libvirt: pull-mode backup jobs, and checkpoints for the baselines. */
export class LibvirtHost implements Omit<MachineHost, keyof AsyncDisposable> {
  readonly #options: LibvirtHostOptions;
  readonly #fileSystem: FileSystem;
  readonly #now: () => Date;
  readonly #session: DomainSession;
  /** The last attempt to begin a job. */
  #beginning: Promise<unknown> = Promise.resolve();

  constructor(session: DomainSession, options: LibvirtHostOptions, fileSystem: FileSystem, now: () => Date) {
    this.#options = options;
    this.#fileSystem = fileSystem;
    this.#now = now;
    this.#session = session;
  }

  describe(call?: DescribeCall) {
    return readMachine(this.#session, this.#fileSystem, this.#options, call);
  }

  checkConsistency(consistency: InstantRequest['consistency']): readonly Finding[] {
    return checkConsistency(consistency);
  }

  /** One attempt after the other, so that each sees the job of the one before: libvirt would let it wait half a minute. */
  async begin(request: InstantRequest, call?: Call): Promise<FrozenInstant> {
    const begun = this.#beginning.then(() => this.#begin(request, call));
    this.#beginning = begun.catch(() => undefined);
    return await begun;
  }

  async #begin(request: InstantRequest, call?: Call): Promise<FrozenInstant> {
    const session = this.#session;
    await checkNoJob(session, call);
    const [image] = request.disks.flatMap(({ disk }) => disk.images.filter((path) => path.startsWith('/')));
    const base = this.#options.scratchFolder ?? this.#besides(image);
    await checkScratchSpace(this.#fileSystem, base);
    const places = await makeScratchFolder(base, request.baseline, image);
    const guard = new JobGuard(session.address, places.socket);
    try {
      const begun = await exclusively(session, () => this.#freeze(request, places), call);
      guard.begun();
      throwIfAborted(call?.signal, 'begin-capture');
      const { artifacts, findings } = await readArtifacts(session, this.#fileSystem, call);
      const place = { session, fileSystem: this.#fileSystem, base, places, guard };
      const said = [...checkConsistency(request.consistency), ...begun.findings, ...findings];
      return new LibvirtInstant(place, { ...begun, request, artifacts, findings: said });
    } catch (error) {
      await this.#undo(request, base, places).catch(() => undefined); // `tidy` finds what is left
      guard[Symbol.dispose]();
      throw explain(error);
    }
  }

  async removeBitmaps(unwanted: (made: BitmapName) => boolean, call?: Call): Promise<Removal> {
    const domain = await this.#domain(call);
    const removed: string[] = [];
    const findings: Finding[] = [];
    for (const name of domain === undefined ? [] : await this.#names(domain, call)) {
      const made = parseBitmapName(name);
      if (made === undefined || domain === undefined || !unwanted(made)) continue;
      const what = `checkpoint ${name} of ${domain.name}`;
      try {
        const done = await this.#deleteCheckpoint(name, trackable(domain), call);
        if (done) removed.push(what);
      } catch (error) {
        findings.push(notRemoved(what, error));
      }
    }
    return { removed, findings };
  }

  /** Never while libvirt begins a job: it would crash. */
  async #deleteCheckpoint(name: string, targets: readonly string[], call?: Call): Promise<boolean> {
    const session = this.#session;
    return await exclusively(session, () => deleteCheckpoint(session, name, targets, call), call);
  }

  async tidy(isLeft: (made: BitmapName) => boolean, call?: Call): Promise<Removal> {
    const domain = await this.#domain(call);
    const images =
      domain?.disks.flatMap(({ source }) => (source?.type === 'file' ? [source.path] : [])) ?? [];
    const bases = new Set([this.#options.scratchFolder, ...images.map(dirname), this.#besides(undefined)]);
    const removed: string[] = [];
    const findings: Finding[] = [];
    for (const base of bases) {
      for (const made of base === undefined ? [] : await findScratchFolders(base)) {
        if (base === undefined || !isLeft(made)) continue;
        const { socket, folder } = scratchFolder(base, made.name);
        try {
          if (await endJob(this.#session, socket)) removed.push(`backup job ${socket}`);
          await removeScratchFolder(base, made.name);
          removed.push(`folder ${folder}`);
        } catch (error) {
          findings.push(notRemoved(`what capture ${made.capture} left`, error));
        }
      }
    }
    return { removed, findings };
  }

  #besides(image: string | undefined): string {
    const beside = image !== undefined && !image.startsWith('/dev/') ? dirname(image) : undefined;
    return beside ?? this.#options.temporaryDirectory;
  }

  /** The domain, unless it is gone: then nothing of it is left either. */
  async #domain(call?: Call) {
    return await readDomain(this.#session, call).catch((error: unknown) => {
      if (SendenseError.is(error, 'NOT_FOUND')) return undefined;
      throw error;
    });
  }

  /** Our checkpoints that libvirt knows, and the bitmaps of ours that are stored in the images. */
  async #names(domain: Awaited<ReturnType<typeof readDomain>>, call?: Call): Promise<ReadonlySet<string>> {
    const known = await listCheckpoints(this.#session, call);
    const targets = new Set(trackable(domain));
    const stored: string[] = [];
    for (const { target, source } of domain.disks) {
      if (!targets.has(target) || source?.type !== 'file') continue;
      stored.push(...(await storedBitmaps(this.#fileSystem, source.path)).names);
    }
    return ourNames(known, stored);
  }

  /**
   * Begins the job and its checkpoint, with the guest frozen for just that. It is never cut off: libvirt would go on with
   * it, and begin the job when nobody looks any more.
   */
  async #freeze(request: InstantRequest, places: ScratchFolder) {
    const session = this.#session;
    const checkpoint = request.disks.map(({ disk: { target }, track }) => ({ target, bitmap: track }));
    const tracked = checkpoint.some(({ bitmap }) => bitmap);
    const documents = [backupXml(request, places), checkpointXml(request.baseline, checkpoint)];
    return await session.withFiles(documents, async ([backup = '', point = '']) => {
      await checkNoJob(session); // another process may have been faster
      const more = tracked ? ['--checkpointxml', point] : [];
      return await whileFrozen(session, request.consistency, async () => {
        await session.run('backup-begin', ['--backupxml', backup, ...more]);
        return this.#now();
      });
    });
  }

  async #undo({ baseline, disks }: InstantRequest, base: string, { socket }: ScratchFolder): Promise<void> {
    await endJob(this.#session, socket);
    const targets = disks.filter(({ track }) => track).map(({ disk: { target } }) => target);
    const known = await listCheckpoints(this.#session);
    if (known.includes(baseline)) await this.#deleteCheckpoint(baseline, targets);
    await removeScratchFolder(base, baseline);
  }
}

/** What libvirt refused, as a snapshot that could not be taken, unless the code says more. */
function explain(error: unknown): unknown {
  if (SendenseError.is(error, 'NOT_OPEN')) return switched(true, error);
  if (!SendenseError.is(error, 'UNEXPECTED')) return error;
  return new SendenseError('SNAPSHOT_FAILED', error.message, {
    operation: 'begin-capture',
    cause: error,
    context: error.context,
    remedy: 'see what libvirt says; QEMU must be able to write to the scratch folder',
  });
}
