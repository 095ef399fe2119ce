/** Zeros are told from data in such blocks, which file systems mostly have. */
const BLOCK_BYTES = 4096;
const ZEROS = new Uint8Array(BLOCK_BYTES);

/** Where the data of some bytes of a file lies: blocks that are zeros alone are left out. */
export function dataRuns(
  bytes: Uint8Array,
): readonly { readonly offset: number; readonly bytes: Uint8Array }[] {
  const runs: { offset: number; bytes: Uint8Array }[] = [];
  let begin: number | undefined;
  const close = (end: number) => {
    if (begin !== undefined) runs.push({ offset: begin, bytes: bytes.subarray(begin, end) });
    begin = undefined;
  };
  for (let at = 0; at < bytes.byteLength; at += BLOCK_BYTES) {
    const block = bytes.subarray(at, at + BLOCK_BYTES);
    if (Buffer.compare(block, ZEROS.subarray(0, block.byteLength)) === 0) close(at);
    else begin ??= at;
  }
  close(bytes.byteLength);
  return runs;
}
