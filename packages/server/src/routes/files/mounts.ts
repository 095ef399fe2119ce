import { finished, type Readable } from 'node:stream';
import type { Call, Finding, RecoveryPoint, Repository } from '@sendense/core';
import type { MountedPoint } from '@sendense/file-mount';
import { type BrowseSession, type FileRestore, FindingList } from '@sendense/file-restore';
import type { Principal } from '../../access/principal.ts';
import type { TenantScope } from '../../access/tenant-scope.ts';
import type { MountedFolders } from '../../mounts/mounted-folders.ts';
import type { FoundPoint, Places } from '../../places/places.ts';
import { tooManyDownloads, tooManyMounts, unknownMount } from './mount-refusals.ts';
import { SessionDownloads } from './session-downloads.ts';
import { TenantCounts } from './tenant-counts.ts';

/** Mounts of one tenant, so that none takes the place of all others. */
const MOST_OF_TENANT = 16;
/** Downloads of one tenant at once; of archives there are fewer. */
const MOST_DOWNLOADS = 8;

/** Mounts that ended by themselves of which it is still known what their archives told. */
const MOST_ENDED = 16;

/** Who may name a mount. */
type Caller = { readonly principal: Principal; readonly scope: TenantScope };

/** What is known of a mount, also after its end. */
export type MountRecord = {
  readonly tenant: string | null;
  readonly repositoryName: string;
  readonly point: RecoveryPoint;
  /** What archives told that were made of it. */
  readonly told: FindingList;
};

/** A backup whose files are browsed, and whose it is. */
export type Mount = MountRecord & {
  readonly id: string;
  readonly repository: Repository;
  readonly session: BrowseSession;
  /** The folder of this machine that shows them too; `null`: there is none. */
  readonly folder: MountedPoint | null;
};

/** How a backup is opened. */
export type MountRequest = FoundPoint & {
  /** `mount`: as a folder of this machine too. */
  readonly mode: 'browse' | 'mount';
};

/** What is left to say when a mount has ended. */
export type EndedMount = { readonly record: MountRecord; readonly findings: readonly Finding[] };

/** What the mounts work with. */
type MountParts = {
  readonly files: FileRestore;
  readonly folders: MountedFolders;
  readonly places: Pick<Places, 'seesMachine'>;
};

/** The backups that are being browsed. Each belongs to the tenant that opened it: to others it is not there. */
export class Mounts {
  readonly #files: FileRestore;
  readonly #folders: MountedFolders;
  readonly #places: Pick<Places, 'seesMachine'>;
  readonly #mounts = new Map<string, Mount>();
  /** Of those that ended by themselves the latest whose archives told anything, the oldest first. */
  readonly #ended = new Map<string, MountRecord>();
  readonly #opening = new TenantCounts();
  readonly #downloads = new TenantCounts();
  readonly #read = new SessionDownloads();

  constructor({ files, folders, places }: MountParts) {
    this.#files = files;
    this.#folders = folders;
    this.#places = places;
  }

  /**
   * Opens a point that the caller may see. Rejects as `FileRestore.open` does, and for a folder as `MountedFolders.show`;
   * `QUOTA_EXCEEDED` for too many of the tenant.
   */
  async open(principal: Principal, { mode, ...found }: MountRequest, call?: Call): Promise<Mount> {
    const { tenant } = principal;
    this.#forgetClosed();
    const open = [...this.#mounts.values()].filter((mount) => mount.tenant === tenant).length;
    if (tenant !== null && open + this.#opening.of(tenant) >= MOST_OF_TENANT)
      throw tooManyMounts(MOST_OF_TENANT);
    const opened = this.#opening.begin(tenant);
    try {
      const { repository, repositoryName } = found;
      const session = await this.#files.open(repository, found.point.id, call);
      const folder = mode === 'mount' ? await this.#show(principal, found, session, call) : null;
      const { id, point } = session;
      const mount = {
        id,
        session,
        folder,
        tenant,
        repository,
        repositoryName,
        point,
        told: new FindingList(),
      };
      this.#mounts.set(id, mount);
      const forget = (): void => this.#forget(id);
      void folder?.ended.then(forget, forget);
      return mount;
    } finally {
      opened();
    }
  }

  /** The mounts that the caller may name, the oldest first. */
  async list(caller: Caller): Promise<readonly Mount[]> {
    this.#forgetClosed();
    const all = [...this.#mounts.values()];
    const seen = await Promise.all(all.map((mount) => this.#isSeen(mount, caller)));
    return all.filter((_, index) => seen[index] === true);
  }

  /** Begins a download of a mount, which counts until its stream ends. Rejects as `begin` does; `QUOTA_EXCEEDED` for too many of the tenant. */
  async download(
    { tenant }: Pick<Principal, 'tenant'>,
    { session }: Pick<Mount, 'session'>,
    begin: () => Promise<Readable>,
  ): Promise<Readable> {
    if (tenant !== null && this.#downloads.of(tenant) >= MOST_DOWNLOADS)
      throw tooManyDownloads(MOST_DOWNLOADS);
    const counted = this.#downloads.begin(tenant);
    const read = this.#read.begin(session);
    const ended = (): void => {
      counted();
      read();
    };
    try {
      const stream = await begin();
      finished(stream, ended);
      return stream;
    } catch (error) {
      ended();
      throw error;
    }
  }

  /** The mount with this id. Rejects with `NOT_FOUND`: it never was, ended, or is not the caller's. */
  async find(id: string, caller: Caller, call?: Call): Promise<Mount> {
    this.#forgetClosed();
    const mount = this.#mounts.get(id);
    if (mount === undefined || !(await this.#isSeen(mount, caller))) throw unknownMount();
    return this.#isBrowsed(mount) ? mount : this.#browseAgain(mount, call);
  }

  /**
   * Ends a mount; downloads of it that are under way break off. What is known of it, also where it ended by itself and its archives told
   * something: of the latest 16 of these, once. Rejects with `NOT_FOUND` as `find` does, and with `LOCKED` while somebody has something
   * open in its folder, unless by `force`.
   */
  async end(id: string, caller: Caller, { force }: { readonly force: boolean }): Promise<EndedMount> {
    this.#forgetClosed();
    const mount = this.#mounts.get(id);
    const record = mount ?? this.#ended.get(id);
    if (record === undefined || !(await this.#isSeen(record, caller))) throw unknownMount();
    const findings = mount?.folder ? await this.#folders.end(mount.folder, force) : [];
    this.#mounts.delete(id);
    this.#ended.delete(id);
    await mount?.session[Symbol.asyncDispose]();
    return { record, findings: [...record.told.findings, ...findings] };
  }

  /** The same point as a folder; without one nobody browses it either. */
  async #show(
    principal: Principal,
    { repository, point }: FoundPoint,
    session: BrowseSession,
    call: Call | undefined,
  ): Promise<MountedPoint> {
    try {
      return await this.#folders.show(principal, () => repository.open(point.id, call), call);
    } catch (error) {
      await session[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Opens a point again that nobody browsed for long, and whose folder is in use still. */
  async #browseAgain(mount: Mount, call: Call | undefined): Promise<Mount> {
    const session = await this.#files.open(mount.repository, mount.point.id, call);
    const now = this.#mounts.get(mount.id);
    if (now === mount) {
      const again = { ...mount, session };
      this.#mounts.set(mount.id, again);
      return again;
    }
    // it ended meanwhile, or another caller was faster
    await session[Symbol.asyncDispose]();
    if (now === undefined) throw unknownMount();
    return now;
  }

  async #isSeen(
    { tenant, repositoryName, point }: MountRecord,
    { principal, scope }: Caller,
  ): Promise<boolean> {
    const isOfTenant = principal.tenant === null || principal.tenant === tenant;
    // the tenant may have lost the repository or machine since
    return isOfTenant && (await this.#places.seesMachine(scope, repositoryName, point.machine));
  }

  #isBrowsed({ session }: Mount): boolean {
    return this.#files.sessions.includes(session);
  }

  /** Sessions end by themselves when nobody asks anything of them; a mount with a folder ends with that. */
  #forgetClosed(): void {
    for (const mount of this.#mounts.values())
      if (mount.folder === null && !this.#isBrowsed(mount)) this.#forget(mount.id);
  }

  /** It ended by itself. Downloads go on to their end, and its session ends with them; who made archives may ask for what these told. */
  #forget(id: string): void {
    const mount = this.#mounts.get(id);
    if (mount === undefined) return;
    const { tenant, repositoryName, point, told } = mount;
    this.#mounts.delete(id);
    this.#read.leave(mount.session);
    if (told.findings.length > 0) this.#ended.set(id, { tenant, repositoryName, point, told });
    for (const oldest of [...this.#ended.keys()].slice(0, -MOST_ENDED)) this.#ended.delete(oldest);
  }
}
