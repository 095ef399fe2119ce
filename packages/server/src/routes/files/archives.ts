import { finished, type Readable } from 'node:stream';
import { type Finding, type LogSink, SendenseError } from '@sendense/core';
import type { Principal } from '../../access/principal.ts';
import type { MountRecord } from './mounts.ts';
import { TenantCounts } from './tenant-counts.ts';

/** When a client that was refused may come again: small folders are archived in seconds. */
const RETRY_AFTER_MS = 10_000;

/**
 * The archives that are being made. Each may keep hundreds of megabytes of names of a volume that was made for it, so a few are made at
 * once, of whatever tenants, and one tenant has half of the places.
 */
export class Archives {
  readonly #most: number;
  readonly #log: LogSink;
  readonly #underWay = new TenantCounts();

  /** `most`: at once, of the whole server. */
  constructor(most: number, log: LogSink) {
    this.#most = most;
    this.#log = log;
  }

  /**
   * Begins an archive of a mount, which counts until its stream ends; how many findings it had stands in the log from then on, whatever
   * becomes of the mount. Throws `QUOTA_EXCEEDED` while all places are taken.
   */
  make(
    { tenant }: Pick<Principal, 'tenant'>,
    mount: MountRecord,
    begin: (tell: (finding: Finding) => void) => Readable,
  ): Readable {
    this.#refuseTooMany(tenant);
    let findings = 0;
    const stream = begin((finding) => {
      findings += 1;
      mount.told.add(finding);
    });
    const ended = this.#underWay.begin(tenant);
    finished(stream, () => {
      ended();
      if (findings > 0) this.#log(noteOf(mount, findings));
    });
    return stream;
  }

  #refuseTooMany(tenant: string | null): void {
    const share = Math.ceil(this.#most / 2);
    const isFull = this.#underWay.total >= this.#most;
    if (!isFull && (tenant === null || this.#underWay.of(tenant) < share)) return;
    const whose = isFull ? `the server makes ${this.#most}` : `the tenant has ${share}`;
    throw new SendenseError('QUOTA_EXCEEDED', `${whose} archives already`, {
      operation: 'download-file',
      retryAfterMs: RETRY_AFTER_MS,
      remedy: 'ask again when one has ended, or download single files',
    });
  }
}

/** Without names of files: whoever reads the log may not be who may read the backup. */
function noteOf({ tenant, repositoryName, point }: MountRecord, findings: number): Parameters<LogSink>[0] {
  return {
    level: 'warn',
    message: `an archive of a backup left out or changed something: ${findings} findings`,
    fields: { tenant, repository: repositoryName, backup: point.id, findings },
  };
}
