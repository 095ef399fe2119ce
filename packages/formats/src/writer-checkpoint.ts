import type { BlockWriter, Call } from '@sendense/core';

/** How far a new image was made when it was settled. */
export type WriterCheckpoint = {
  /** The disk is in the image from its start up to here, on the grid of the writer. */
  readonly doneBytes: number;
  /** The writer's `fileBytes` then. */
  readonly fileBytes: number;
};

/** A writer that can go on with the file of another one, which was made in the same way and died after it was settled. */
export interface ResumableWriter extends BlockWriter {
  /** Length of the file in bytes that everything written so far needs. */
  readonly fileBytes: number;
  /** Makes durable what {@link resume} takes over; where it is not there, `flush` does that. The image need not be whole. */
  settle?(call?: Call): Promise<void>;
  /**
   * Takes over what the file held at `checkpoint`; call it first. What was placed later is forgotten, but its bytes may be
   * there still: only a disk whose bytes have not changed may follow. Rejects when the file cannot be read.
   */
  resume(checkpoint: WriterCheckpoint): Promise<void>;
}

/** Whether `writer` gives out places in its file, and can take them over from another. */
export function isResumable(writer: BlockWriter): writer is ResumableWriter {
  return 'resume' in writer && 'fileBytes' in writer;
}
