/** Whoever takes an archive asks for each piece anew: a write to a file, or a piece of a reply, costs more than copying so much. */
const GATHERED_BYTES = 256 * 1024;

/**
 * The same bytes in fewer pieces: small ones that follow each other are gathered, larger ones come as they are. So does the first one,
 * however small it is: whoever waits for an answer is to see that it begins.
 */
export async function* gatherPieces(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let gathered: Uint8Array[] = [];
  let length = 0;
  let isBegun = false;
  for await (const piece of pieces) {
    if (length > 0 && length + piece.byteLength > GATHERED_BYTES) {
      yield Buffer.concat(gathered, length);
      gathered = [];
      length = 0;
    }
    if (!isBegun || piece.byteLength >= GATHERED_BYTES) yield piece;
    else {
      gathered.push(piece);
      length += piece.byteLength;
    }
    isBegun = true;
  }
  if (length > 0) yield Buffer.concat(gathered, length);
}
