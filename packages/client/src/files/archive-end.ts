/** Looks for the end of an archive in its bytes as they pass. */
export type ArchiveEnd = {
  /** Whether the archive is whole by what has passed. */
  readonly isReached: boolean;
  /** Takes the next bytes. May throw `PROTOCOL_VIOLATION` for what is no archive. */
  push(piece: Uint8Array): void;
};
