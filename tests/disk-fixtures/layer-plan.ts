import { DiskContent, seededBytes, seededInteger, seededRandom } from '@sendense/testkit';

/** What one file of a chain holds of a disk, in pieces of one size; the file below decides of pieces that are not named. */
export type LayerPlan = {
  readonly sizeBytes: number;
  readonly pieceBytes: number;
  readonly pieces: ReadonlyMap<number, 'own' | 'zero'>;
  /** The bytes of the pieces that are its own. */
  readonly content: DiskContent;
};

/** How to make up a {@link LayerPlan}. */
export type LayerPlanOptions = {
  readonly sizeBytes: number;
  readonly pieceBytes: number;
  readonly seed: number;
  /** How many runs of neighbouring pieces there are, and the most pieces of one. */
  readonly runs: number;
  readonly longest: number;
  /** Runs begin and end at multiples of so many pieces; 1 when not given. */
  readonly grid?: number;
  /** Whether some runs are zeros that hide what is below. */
  readonly zeros?: boolean;
};

/** Runs at places that a seed decides; the first piece and the last are always its own. Half is noise, half compresses. */
export function planLayer(options: LayerPlanOptions): LayerPlan {
  const { sizeBytes, pieceBytes, seed, runs, longest, grid = 1, zeros = false } = options;
  const random = seededRandom(seed);
  const count = Math.ceil(sizeBytes / pieceBytes);
  const pieces = new Map<number, 'own' | 'zero'>();
  const content = new DiskContent(sizeBytes);
  const place = (first: number, length: number, kind: 'own' | 'zero') => {
    for (let piece = first; piece < Math.min(first + length, count); piece += 1) {
      pieces.set(piece, kind);
      const offset = piece * pieceBytes;
      const size = Math.min(pieceBytes, sizeBytes - offset);
      content.write(offset, kind === 'zero' ? new Uint8Array(size) : filling(seed + piece, size));
    }
  };
  for (let run = 0; run < runs; run += 1) {
    const kind = zeros && run % 3 === 0 ? 'zero' : 'own';
    const first = seededInteger(random, Math.ceil(count / grid)) * grid;
    place(first, (1 + seededInteger(random, longest)) * grid, kind);
  }
  place(0, grid, 'own');
  place(Math.floor((count - 1) / grid) * grid, grid, 'own');
  return { sizeBytes, pieceBytes, pieces, content };
}

/** What the guest reads of `plan` on top of `below`. */
export function composed(plan: LayerPlan, below: DiskContent = new DiskContent(plan.sizeBytes)): DiskContent {
  const disk = below.snapshot();
  disk.resize(plan.sizeBytes);
  for (const [piece, kind] of plan.pieces) {
    const offset = piece * plan.pieceBytes;
    const length = Math.min(plan.pieceBytes, plan.sizeBytes - offset);
    if (kind === 'zero') disk.zero(offset, length);
    else disk.write(offset, plan.content.bytes({ offset, length }));
  }
  return disk;
}

/** The bytes of one piece, filled up with zeros to its full size behind the end of the disk. */
export function pieceOf(plan: LayerPlan, piece: number): Uint8Array {
  const bytes = new Uint8Array(plan.pieceBytes);
  const offset = piece * plan.pieceBytes;
  const length = Math.min(plan.pieceBytes, plan.sizeBytes - offset);
  bytes.set(plan.content.bytes({ offset, length }));
  return bytes;
}

function filling(seed: number, length: number): Uint8Array {
  return seed % 2 === 0 ? seededBytes(seed, length) : new Uint8Array(length).fill(1 + (seed % 251));
}
