/** Progress of one disk, as the engine tells it. */
export type DiskProgress = {
  readonly jobId: string;
  readonly disk: string;
  readonly work: 'copy' | 'verify' | 'convert' | 'check' | 'compare';
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly percent: number;
  readonly bytesPerSecond: number;
  readonly etaSeconds: number | null;
};

/** Shows progress on standard error, as bars or as lines. */
export interface ProgressView {
  update(progress: DiskProgress): void;
  /** Leaves the terminal as it should be; lines written afterwards stand below. */
  end(): void;
}

/** How a piece of work is named on the screen. */
export function workName({ disk, work }: Pick<DiskProgress, 'disk' | 'work'>): string {
  const name = disk.length > 24 ? `…${disk.slice(-23)}` : disk;
  return `${work} ${name}`;
}
