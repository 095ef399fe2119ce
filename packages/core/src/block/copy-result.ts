/** What a copy moved. */
export type CopyResult = {
  /** Payload bytes read from the source. */
  readonly bytesRead: number;
  /** Payload bytes given to the destination as data. */
  readonly bytesWritten: number;
  /** Bytes made zero at the destination without sending them. */
  readonly bytesZeroed: number;
};

/** What `copyBlocks` moved. */
export type CopyBlocksResult = CopyResult & {
  /** Bytes left out because the request's `unchanged` said that the destination has them already. */
  readonly bytesUnchanged: number;
};
