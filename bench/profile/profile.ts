/** Where the time of one full backup goes. */
export type Profile = {
  readonly sizeBytes: number;
  readonly command: string;
  /** From the start of the program to its end. */
  readonly wallSeconds: number;
  /** What the engine calls the duration of the backup: without the start and end of the program. */
  readonly backupSeconds: number;
  /** Time of processors by kind of thread, the most first. */
  readonly threads: readonly Share[];
  /** What the JavaScript thread did, waiting included, the most first. */
  readonly script: readonly Share[];
};

/** How much of the time one part took. */
export type Share = { readonly part: string; readonly seconds: number };
