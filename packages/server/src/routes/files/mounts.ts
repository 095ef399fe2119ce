import { finished, type Readable } from 'node:stream';
import { type Call, type RecoveryPoint, SendenseError } from '@sendense/core';
import { type BrowseSession, type FileRestore, FindingList } from '@sendense/file-restore';
import type { Principal } from '../../access/principal.ts';
import type { TenantScope } from '../../access/tenant-scope.ts';
import type { FoundPoint, Places } from '../../places/places.ts';
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
export type Mount = MountRecord & { readonly session: BrowseSession };

/** The backups that are being browsed. Each belongs to the tenant that opened it: to others it is not there. */
export class Mounts {
  readonly #files: FileRestore;
  readonly #places: Pick<Places, 'seesMachine'>;
  readonly #mounts = new Map<string, Mount>();
  /** Of those that ended by themselves the latest whose archives told anything, the oldest first. */
  readonly #ended = new Map<string, MountRecord>();
  readonly #opening = new TenantCounts();
  readonly #downloads = new TenantCounts();

  constructor(files: FileRestore, places: Pick<Places, 'seesMachine'>) {
    this.#files = files;
    this.#places = places;
  }

  /** Opens a point that the caller may see. Rejects as `FileRestore.open` does; `QUOTA_EXCEEDED` for too many of the tenant. */
  async open(
    { tenant }: Principal,
    { repository, repositoryName, point }: FoundPoint,
    call?: Call,
  ): Promise<Mount> {
    this.#forgetClosed();
    const open = [...this.#mounts.values()].filter((mount) => mount.tenant === tenant).length;
    if (tenant !== null && open + this.#opening.of(tenant) >= MOST_OF_TENANT) throw tooManyMounts();
    const opened = this.#opening.begin(tenant);
    try {
      const session = await this.#files.open(repository, point.id, call);
      const mount = { session, tenant, repositoryName, point: session.point, told: new FindingList() };
      this.#mounts.set(session.id, mount);
      return mount;
    } finally {
      opened();
    }
  }

  /** Begins a download, which counts until its stream ends. Rejects as `begin` does; `QUOTA_EXCEEDED` for too many of the tenant. */
  async download({ tenant }: Principal, begin: () => Promise<Readable>): Promise<Readable> {
    if (tenant !== null && this.#downloads.of(tenant) >= MOST_DOWNLOADS) throw tooManyDownloads();
    const ended = this.#downloads.begin(tenant);
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
  async find(id: string, caller: Caller): Promise<Mount> {
    this.#forgetClosed();
    const mount = this.#mounts.get(id);
    if (mount === undefined || !(await this.#isSeen(mount, caller))) throw unknown();
    return mount;
  }

  /**
   * Ends a mount; downloads of it that are under way break off. What is known of it, also where it ended by itself and its archives told
   * something: of the latest 16 of these, once. Rejects with `NOT_FOUND` as `find` does.
   */
  async end(id: string, caller: Caller): Promise<MountRecord> {
    this.#forgetClosed();
    const record = this.#mounts.get(id) ?? this.#ended.get(id);
    if (record === undefined || !(await this.#isSeen(record, caller))) throw unknown();
    const session = this.#mounts.get(id)?.session;
    this.#mounts.delete(id);
    this.#ended.delete(id);
    await session?.[Symbol.asyncDispose]();
    return record;
  }

  async #isSeen(
    { tenant, repositoryName, point }: MountRecord,
    { principal, scope }: Caller,
  ): Promise<boolean> {
    const isOfTenant = principal.tenant === null || principal.tenant === tenant;
    // the tenant may have lost the repository or machine since
    return isOfTenant && (await this.#places.seesMachine(scope, repositoryName, point.machine));
  }

  /** Sessions end by themselves when nobody asks anything of them. */
  #forgetClosed(): void {
    const open = new Set(this.#files.sessions.map(({ id }) => id));
    for (const [id, { session, ...record }] of this.#mounts)
      if (!open.has(session.id)) {
        this.#mounts.delete(id);
        if (record.told.findings.length > 0) this.#ended.set(id, record);
      }
    for (const id of [...this.#ended.keys()].slice(0, -MOST_ENDED)) this.#ended.delete(id);
  }
}

function unknown(): SendenseError {
  return new SendenseError('NOT_FOUND', 'there is no such mount, or it ended', {
    operation: 'find-mount',
    remedy: 'open the backup again with POST /api/v1/restore/mount',
  });
}

function tooManyMounts(): SendenseError {
  return new SendenseError('QUOTA_EXCEEDED', `the tenant has ${MOST_OF_TENANT} mounts already`, {
    operation: 'open-mount',
    remedy: 'end one with DELETE /api/v1/restore/{mount_id}',
  });
}

function tooManyDownloads(): SendenseError {
  return new SendenseError('QUOTA_EXCEEDED', `the tenant has ${MOST_DOWNLOADS} downloads under way already`, {
    operation: 'download-file',
    remedy: 'wait until one has ended',
  });
}
