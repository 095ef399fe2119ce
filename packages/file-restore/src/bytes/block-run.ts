/** Blocks of a file that lie together on the volume; what no run names is a hole. All in blocks. */
export type BlockRun = { readonly fileBlock: number; readonly blocks: number; readonly volumeBlock: number };

/** Runs that touch, in the file and on the volume, as one. */
export async function* joinRuns(runs: AsyncIterable<BlockRun>): AsyncGenerator<BlockRun, void, undefined> {
  let open: BlockRun | undefined;
  for await (const run of runs) {
    if (open === undefined) open = run;
    else if (
      open.fileBlock + open.blocks === run.fileBlock &&
      open.volumeBlock + open.blocks === run.volumeBlock
    )
      open = { ...open, blocks: open.blocks + run.blocks };
    else {
      yield open;
      open = run;
    }
  }
  if (open !== undefined) yield open;
}
