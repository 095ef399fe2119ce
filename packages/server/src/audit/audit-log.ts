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
  /** The path parameters, nothing else of the request. */
  readonly parameters: Readonly<Record<string, string>>;
  /** HTTP status of the reply; `null` for `asked`. */
  readonly status: number | null;
  /** Id of the job that was started; `null`: none. */
  readonly job: string | null;
};

/** Who asked for what, and what it came to. */
export interface AuditLog extends AsyncDisposable {
  /**
   * Resolves when the line is on the disk. Rejects with `NO_SPACE` or `READ_ONLY` when it cannot be put there: a request that changes
   * something is then not carried out. The failure is logged too, every call tries again, and the first line that is written after it
   * tells of the gap.
   */
  record(entry: AuditEntry): Promise<void>;
  /** Whether lines reach the disk, for readiness. After a failure the log tries again by itself. */
  readonly isWritable: boolean;
}
