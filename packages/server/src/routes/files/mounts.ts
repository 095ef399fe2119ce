import { type Call, SendenseError } from '@sendense/core';
import { type BrowseSession, type FileRestore, FindingList } from '@sendense/file-restore';
import type { Principal } from '../../access/principal.ts';
import type { TenantScope } from '../../access/tenant-scope.ts';
import type { FoundPoint, Places } from '../../places/places.ts';

/** Mounts of one tenant, so that none takes the place of all others. */
const MOST_OF_TENANT = 16;

/** Who may name a mount. */
type Caller = { readonly principal: Principal; readonly scope: TenantScope };

/** A backup whose files are browsed, and whose it is. */
export type Mount = {
  readonly session: BrowseSession;
  readonly tenant: string | null;
  readonly repositoryName: string;
  /** What archives told that were made of it. */
  readonly told: FindingList;
};

/** The backups that are being browsed. Each belongs to the tenant that opened it: to others it is not there. */
export class Mounts {
  readonly #files: FileRestore;
  readonly #places: Pick<Places, 'seesMachine'>;
  readonly #mounts = new Map<string, Mount>();
  /** How many each tenant is opening. */
  readonly #opening = new Map<string | null, number>();

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
    const opening = this.#opening.get(tenant) ?? 0;
    const open = [...this.#mounts.values()].filter((mount) => mount.tenant === tenant).length;
    if (tenant !== null && open + opening >= MOST_OF_TENANT) throw tooMany();
    this.#opening.set(tenant, opening + 1);
    try {
      const session = await this.#files.open(repository, point.id, call);
      const mount = { session, tenant, repositoryName, told: new FindingList() };
      this.#mounts.set(session.id, mount);
      return mount;
    } finally {
      const left = (this.#opening.get(tenant) ?? 1) - 1;
      if (left === 0) this.#opening.delete(tenant);
      else this.#opening.set(tenant, left);
    }
  }

  /** The mount with this id. Rejects with `NOT_FOUND`: it never was, ended, or is not the caller's. */
  async find(id: string, { principal, scope }: Caller): Promise<Mount> {
    this.#forgetClosed();
    const mount = this.#mounts.get(id);
    if (mount === undefined) throw unknown();
    const isOfTenant = principal.tenant === null || principal.tenant === mount.tenant;
    // the tenant may have lost the repository or machine since
    const { repositoryName, session } = mount;
    if (!isOfTenant || !(await this.#places.seesMachine(scope, repositoryName, session.point.machine)))
      throw unknown();
    return mount;
  }

  /** Ends a mount; downloads of it that are under way break off. */
  async close(mount: Mount): Promise<void> {
    this.#mounts.delete(mount.session.id);
    await mount.session[Symbol.asyncDispose]();
  }

  /** Sessions end by themselves when nobody asks anything of them. */
  #forgetClosed(): void {
    const open = new Set(this.#files.sessions.map(({ id }) => id));
    for (const id of this.#mounts.keys()) if (!open.has(id)) this.#mounts.delete(id);
  }
}

function unknown(): SendenseError {
  return new SendenseError('NOT_FOUND', 'there is no such mount, or it ended', {
    operation: 'find-mount',
    remedy: 'open the backup again with POST /api/v1/restore/mount',
  });
}

function tooMany(): SendenseError {
  return new SendenseError('QUOTA_EXCEEDED', `the tenant has ${MOST_OF_TENANT} mounts already`, {
    operation: 'open-mount',
    remedy: 'end one with DELETE /api/v1/restore/{mount_id}',
  });
}
