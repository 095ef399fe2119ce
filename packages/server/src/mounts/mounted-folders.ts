import {
  type Call,
  type Finding,
  type LogSink,
  type PointReader,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import type { MountedPoint, mountPoint, reconcileMounts } from '@sendense/file-mount';
import { systemTimer, type Timer, withTimeout } from '@sendense/plugin-kit';
import type { Principal } from '../access/principal.ts';
import { TenantCounts } from '../routes/files/tenant-counts.ts';
import { isOfEarlierMount } from './earlier-mounts.ts';
import { mountsAreOff, notTrusted, stopping, takenByForce, tooManyFolders } from './folder-refusals.ts';
import type { MountOptions } from './mount-options.ts';

/** What shows points as folders: the functions of `@sendense/file-mount`. */
export type FileMount = {
  readonly mountPoint: typeof mountPoint;
  readonly reconcileMounts: typeof reconcileMounts;
};

/** What {@link MountedFolders} is made of. */
export type FolderParts = {
  readonly options: MountOptions;
  /** Records the mounts of this server, and has the folders; of this server alone. */
  readonly directory: string;
  readonly fileMount: FileMount;
  readonly log: LogSink;
  readonly timer?: Timer;
};

/** What an earlier server left is mostly gone in less; a start does not wait longer for it. */
const MOST_TIDY_MS = 10_000;

/** Points that are folders of this machine, served by this process. Dispose takes all of them away, also what is in use. */
export class MountedFolders implements AsyncDisposable {
  readonly #parts: FolderParts;
  readonly #shown = new Set<MountedPoint>();
  readonly #beginning = new Set<Promise<unknown>>();
  readonly #counts = new TenantCounts();
  #isOpen = true;

  constructor(parts: FolderParts) {
    this.#parts = parts;
  }

  /**
   * Takes away what a server that was killed had left, also where folders are not enabled any more. What cannot be is logged; what takes
   * longer than ten seconds goes on afterwards.
   */
  async tidyUp(): Promise<void> {
    const { directory, log, timer = systemTimer } = this.#parts;
    const tidied = this.#tidy();
    try {
      await withTimeout(() => tidied, MOST_TIDY_MS, { operation: 'tidy-up', timer });
    } catch (error) {
      if (!SendenseError.is(error, 'TIMEOUT')) throw error;
      const message =
        'what an earlier server had mounted is still being taken away: a program of it does not answer';
      log({ level: 'warn', message, fields: { directory } });
    }
  }

  /** Never rejects. */
  async #tidy(): Promise<void> {
    const { directory, fileMount, log } = this.#parts;
    try {
      const { findings } = await fileMount.reconcileMounts(directory);
      for (const { message } of findings) log({ level: 'warn', message, fields: { directory } });
    } catch (error) {
      const message = `what an earlier server had mounted could not be taken away: ${textOf(error)}`;
      log({ level: 'error', message, fields: { directory } });
    }
  }

  /** Throws `UNSUPPORTED` where folders are not enabled, `CONFIG_INVALID` where nobody says that the disks are trusted. */
  check({ trustImage }: { readonly trustImage: boolean }): void {
    if (!this.#parts.options.enabled) throw mountsAreOff();
    if (!trustImage) throw notTrusted();
  }

  /**
   * Shows a point as a folder; its disks were said to be trusted. Rejects as `mountPoint` does, with `QUOTA_EXCEEDED` for too many, and
   * with `ABORTED` for a caller that has gone: then nothing is mounted.
   */
  async show(
    { tenant }: Pick<Principal, 'tenant'>,
    open: () => Promise<PointReader>,
    call?: Call,
  ): Promise<MountedPoint> {
    if (!this.#isOpen) throw stopping();
    this.#refuseTooMany(tenant);
    const over = this.#counts.begin(tenant);
    const beginning = this.#mount(open, over, call);
    this.#beginning.add(beginning);
    try {
      return await beginning;
    } catch (error) {
      over();
      throw error;
    } finally {
      this.#beginning.delete(beginning);
    }
  }

  /**
   * Takes a folder away. Rejects with `LOCKED` while somebody has something open in it; by force it goes all the same, which the findings
   * tell.
   */
  async end(mounted: MountedPoint, force: boolean): Promise<readonly Finding[]> {
    try {
      await mounted.unmount();
      return [];
    } catch (error) {
      if (!force || !SendenseError.is(error)) throw error;
      const known = mounted.findings.length;
      await mounted.close();
      const alongside = mounted.findings.slice(known).filter(({ code }) => code !== 'mount-in-use');
      return [takenByForce(mounted, error), ...alongside];
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOpen = false;
    await Promise.allSettled(this.#beginning);
    const ended = await Promise.allSettled([...this.#shown].map((mounted) => this.#endAtStop(mounted)));
    const failed = ended.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  async #mount(
    open: () => Promise<PointReader>,
    over: () => void,
    call: Call | undefined,
  ): Promise<MountedPoint> {
    const { directory, fileMount, log, options } = this.#parts;
    const asked = { directory, trustImage: true, idleMs: options.idleMs };
    const mounted = await fileMount.mountPoint(await open(), asked, call);
    try {
      throwIfAborted(call?.signal, 'mount-backup');
      if (!this.#isOpen) throw stopping();
    } catch (error) {
      await mounted.close();
      throw error;
    }
    for (const { code, message } of mounted.findings.filter(isOfEarlierMount))
      log({ level: 'warn', message, fields: { code } });
    this.#keep(mounted, over);
    return mounted;
  }

  /** Until it ends, by whatever. */
  #keep(mounted: MountedPoint, over: () => void): void {
    const { log } = this.#parts;
    const fields = { mount: mounted.id };
    const forget = (): void => {
      this.#shown.delete(mounted);
      over();
    };
    this.#shown.add(mounted);
    void mounted.ended.then(
      (end) => {
        forget();
        if (end !== 'closed') log({ level: END_LEVEL[end], message: END[end], fields });
      },
      (error: unknown) => {
        forget();
        const message = `a mounted backup could not be taken away, the next start will try again: ${textOf(error)}`;
        log({ level: 'error', message, fields });
      },
    );
  }

  /** Without this process what is open in it gives errors anyway. */
  async #endAtStop(mounted: MountedPoint): Promise<void> {
    try {
      await mounted.unmount();
    } catch (error) {
      const message = `a mounted backup was taken away by force, because the server stops: ${textOf(error)}`;
      this.#parts.log({ level: 'warn', message, fields: { mount: mounted.id } });
      await mounted.close();
    }
  }

  #refuseTooMany(tenant: string | null): void {
    const { most } = this.#parts.options;
    const share = Math.ceil(most / 2);
    if (this.#counts.total >= most) throw tooManyFolders(`the server shows ${most}`);
    if (tenant !== null && this.#counts.of(tenant) >= share) throw tooManyFolders(`the tenant has ${share}`);
  }
}

const END = {
  idle: 'a mounted backup was taken away, because nobody used it',
  lost: 'a mounted backup was taken away, because the program that shows its files has ended',
} as const;

const END_LEVEL = { idle: 'info', lost: 'warn' } as const;

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
