import { SendenseError } from '@sendense/core';

/** Blocks of a file that lie together on the volume; what no run names is a hole. All in blocks. */
export type BlockRun = { readonly fileBlock: number; readonly blocks: number; readonly volumeBlock: number };

/** Runs that touch, in the file and on the volume, as one; where `runs` rejects, what came before is given first. */
export async function* joinRuns(runs: AsyncIterable<BlockRun>): AsyncGenerator<BlockRun, void, undefined> {
  let open: BlockRun | undefined;
  let failure: { readonly error: unknown } | undefined;
  try {
    for await (const run of runs) {
      if (open !== undefined && touches(open, run)) open = { ...open, blocks: open.blocks + run.blocks };
      else {
        if (open !== undefined) yield open;
        open = run;
      }
    }
  } catch (error) {
    failure = { error };
  }
  if (open !== undefined) yield open;
  if (failure !== undefined) throw failure.error;
}

function touches(open: BlockRun, { fileBlock, volumeBlock }: BlockRun): boolean {
  return open.fileBlock + open.blocks === fileBlock && open.volumeBlock + open.blocks === volumeBlock;
}

/** Runs of a folder up to damage in its map: whoever lists the folder is told of that. */
export async function* runsBeforeDamage(
  open: () => AsyncIterable<BlockRun>,
): AsyncGenerator<BlockRun, void, undefined> {
  try {
    yield* open();
  } catch (error) {
    if (!SendenseError.is(error, 'CORRUPT')) throw error;
  }
}
