/** What was backed up, restored, read or removed: names and ids, never secrets. */
export type AuditSubject = {
  readonly repository?: string | undefined;
  /** Id of the recovery point. */
  readonly backup?: string | undefined;
  /** A name of the configuration, or the key of the machine of a backup. */
  readonly machine?: string | undefined;
  readonly target?: string | undefined;
  /** Whether a restore may overwrite what is at its target. */
  readonly overwrite?: boolean | undefined;
  /** How a backup was opened, where it was not only to be browsed. */
  readonly mode?: 'mount' | undefined;
  /** Whether the caller said that drivers of the server may read its disks. */
  readonly trustImage?: boolean | undefined;
  /** Whether a mount was to end also while it was in use. */
  readonly force?: boolean | undefined;
  /** In the files of a backup. */
  readonly path?: string | undefined;
};

/** One line of the audit log, without its time. */
export type AuditEntry = {
  /** `asked`: written before a request that changes something is carried out. `answered`: what it came to, or a request that reads. */
  readonly event: 'asked' | 'answered';
  /** The request's id: ties `asked` and `answered` together. */
  readonly request: string;
  /** Id of the caller; `null` when nobody was authenticated. */
  readonly principal: string | null;
  readonly tenant: string | null;
  /** Where the request came from. */
  readonly address: string;
  readonly method: string;
  /** The route's pattern, e.g. `/api/v1/backup/:backup_id`. */
  readonly route: string;
  /** The path parameters, cut where they are longer than any id. */
  readonly parameters: Readonly<Record<string, string>>;
  /** What the request is about: for `asked` what it says itself, of routes that tell; then also what the handler found. */
  readonly subject: AuditSubject;
  /** HTTP status of the reply; `null` for `asked`. */
  readonly status: number | null;
  /** Id of the job that was started; `null`: none. */
  readonly job: string | null;
};

/** One line for refusals that came too often to have one each. */
export type RefusalCount = {
  readonly event: 'refused';
  /** When the first was refused, which has a line of its own. */
  readonly since: Date;
  /** See {@link AuditEntry}. */
  readonly principal: string | null;
  readonly tenant: string | null;
  /** The network of the first: an IPv4 address, or the /64 of an IPv6 address. */
  readonly address: string;
  /** How often what was refused after it, e.g. `403 DELETE /api/v1/backup/:backup_id`. */
  readonly refused: Readonly<Record<string, number>>;
};

/** Who asked for what, and what it came to. */
export interface AuditLog extends AsyncDisposable {
  /**
   * Resolves when the line is on the disk. Rejects with `NO_SPACE` or `READ_ONLY` when it cannot be put there: a request that changes
   * something is then not carried out. The failure is logged too, every call tries again, and the first line that is written after it
   * tells of the gap.
   */
  record(entry: AuditEntry | RefusalCount): Promise<void>;
  /** Whether lines reach the disk, for readiness. After a failure the log tries again by itself. */
  readonly isWritable: boolean;
}
