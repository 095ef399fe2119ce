/** Operations of a file system that change what is stored, or make it durable. A cut can come before any of them. */
export const CHANGING_OPERATIONS = [
  'create',
  'write',
  'truncate',
  'sync',
  'rename',
  'link',
  'unlink',
  'make-directory',
  'remove-directory',
  'sync-directory',
] as const;

/** Operations that only look. */
export type LookingOperation = 'open' | 'read' | 'size' | 'close' | 'list' | 'stat' | 'space' | 'real-path';

/** What kind of operation it is. */
export type FileOperationKind = (typeof CHANGING_OPERATIONS)[number] | LookingOperation;

/** One operation of a file system, as a wrapper sees it before it happens. */
export type FileOperation = {
  readonly kind: FileOperationKind;
  readonly path: string;
  /** The other name of a `rename` or `link`. */
  readonly to?: string;
  /** Position of a `read` or `write`, size of a `truncate`, in bytes. */
  readonly offset?: number;
  readonly length?: number;
};

/** Whether the operation changes storage or makes it durable. */
export function isChange({ kind }: FileOperation): boolean {
  return (CHANGING_OPERATIONS as readonly string[]).includes(kind);
}

/** An operation as one line, for the message of a failed crash test. */
export function describeOperation({ kind, path, to, offset, length }: FileOperation): string {
  const where = offset === undefined ? '' : ` @${offset}${length === undefined ? '' : ` +${length}`}`;
  return `${kind} ${path}${to === undefined ? '' : ` → ${to}`}${where}`;
}
