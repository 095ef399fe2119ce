/** What a copy moved. */
export type CopyResult = {
  /** Payload bytes read from the source. */
  readonly bytesRead: number;
  /** Payload bytes given to the destination as data. */
  readonly bytesWritten: number;
  /** Bytes made zero at the destination without reading or sending them. */
  readonly bytesZeroed: number;
};
