import type { OpenEndpoint } from './open-endpoint.ts';
import { countMoves, type Move, moveAt } from './packed-moves.ts';

/** A part of a move. */
export type Part = {
  readonly move: number;
  /** Offset in the move: whole zero pieces. */
  readonly start: number;
  readonly length: number;
  readonly from: OpenEndpoint;
  readonly source: number;
  readonly last: boolean;
};

/** What one buffer takes: parts that follow each other at the destination. */
export type Load = {
  readonly destination: number;
  readonly length: number;
  readonly parts: readonly Part[];
};

/** How moves are cut and gathered. */
export type LoadLimits = {
  readonly bufferBytes: number;
  /** A move is cut between its zero pieces only; a buffer holds at least one. */
  readonly pieceBytes: number;
  /** Whether a buffer may hold several parts: all of it is read before any of it is written. */
  readonly gather: boolean;
};

/** Cuts and gathers moves, in their order, into loads as full as what follows at the destination lets them be. */
export function* loadsOf(
  moves: Float64Array,
  from: readonly OpenEndpoint[],
  limits: LoadLimits,
): Generator<Load> {
  let load = emptyLoad(0);
  for (let index = 0; index < countMoves(moves); index++) {
    const move = moveAt(moves, index);
    const source = from[move.from];
    if (source === undefined) continue; // checkMoves has refused it
    for (let start = 0, length = 0; start < move.length; start += length) {
      length = fittingBytes(load, move, start, limits);
      if (length === 0) {
        if (load.length > 0) yield load;
        load = emptyLoad(move.destination + start);
        length = fittingBytes(load, move, start, limits);
      }
      const last = start + length === move.length;
      load.parts.push({ move: index, start, length, from: source, source: move.source + start, last });
      load.length += length;
    }
  }
  if (load.length > 0) yield load;
}

/** A load that is being filled. */
type OpenLoad = { readonly destination: number; length: number; readonly parts: Part[] };

function emptyLoad(destination: number): OpenLoad {
  return { destination, length: 0, parts: [] };
}

/** How many bytes of a move from `start` on a load still takes. */
function fittingBytes(load: OpenLoad, move: Move, start: number, limits: LoadLimits): number {
  if (load.length > 0 && !limits.gather) return 0;
  if (move.destination + start !== load.destination + load.length) return 0;
  const rest = move.length - start;
  const room = limits.bufferBytes - load.length;
  return rest <= room ? rest : room - (room % limits.pieceBytes);
}

/** A stretch of a load that lies together at its source. */
export type SourceRun = {
  readonly from: OpenEndpoint;
  readonly source: number;
  /** Offset in the buffer. */
  readonly at: number;
  readonly length: number;
};

/** What a load is read by: one read for parts that follow each other at their source too. */
export function* sourceRuns({ parts }: Load): Generator<SourceRun> {
  let run: SourceRun | undefined;
  for (const { from, source, length } of parts) {
    const at: number = run === undefined ? 0 : run.at + run.length;
    if (run !== undefined && run.from === from && run.source + run.length === source) {
      run = { ...run, length: run.length + length };
      continue;
    }
    if (run !== undefined) yield run;
    run = { from, source, at, length };
  }
  if (run !== undefined) yield run;
}
