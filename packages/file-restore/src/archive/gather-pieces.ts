import { systemTimer, type Timer } from '@sendense/plugin-kit';

/** Whoever takes an archive asks for each piece anew: a write to a file, or a piece of a reply, costs more than copying so much. */
const GATHERED_BYTES = 256 * 1024;
/** Whoever waits for more of an archive is to see that it goes on: what is silent for long is given up. */
const MOST_GATHERING_MS = 1_000;

/**
 * The same bytes in fewer pieces: small ones that follow each other are gathered, larger ones come as they are. So does the first one,
 * however small it is: whoever waits for an answer is to see that it begins. A piece that comes a second or more after one was asked for is
 * given at once, with what was gathered before it.
 */
export async function* gatherPieces(
  pieces: AsyncIterable<Uint8Array>,
  timer: Pick<Timer, 'monotonicMs'> = systemTimer,
): AsyncGenerator<Uint8Array, void, undefined> {
  const gathered = new GatheredBytes();
  let isBegun = false;
  let askedMs = timer.monotonicMs();
  for await (const piece of pieces) {
    if (!gathered.hasRoomFor(piece)) {
      yield gathered.take();
      askedMs = timer.monotonicMs();
    }
    const isWhole = !isBegun || piece.byteLength >= GATHERED_BYTES;
    isBegun = true;
    if (!isWhole) gathered.add(piece);
    const isLate = timer.monotonicMs() - askedMs >= MOST_GATHERING_MS;
    if (isWhole) yield piece;
    else if (isLate && gathered.length > 0) yield gathered.take();
    else continue;
    askedMs = timer.monotonicMs();
  }
  if (gathered.length > 0) yield gathered.take();
}

/** Small pieces, copied as they come: each may be a part of a buffer that is much larger, and nobody keeps that then. */
class GatheredBytes {
  #bytes: Uint8Array | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** There always is for the first one. */
  hasRoomFor({ byteLength }: Uint8Array): boolean {
    return this.#length === 0 || this.#length + byteLength <= GATHERED_BYTES;
  }

  add(piece: Uint8Array): void {
    this.#bytes ??= Buffer.allocUnsafeSlow(GATHERED_BYTES);
    this.#bytes.set(piece, this.#length);
    this.#length += piece.byteLength;
  }

  /** All that was added since the last time; it is the caller's. */
  take(): Uint8Array {
    const taken = this.#bytes?.subarray(0, this.#length) ?? new Uint8Array(0);
    this.#bytes = undefined;
    this.#length = 0;
    return taken;
  }
}
