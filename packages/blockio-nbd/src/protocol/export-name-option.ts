import { WireReader } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

/** Zeros after the answer to option `exportName`, unless both sides set `noZeroes`. */
export const EXPORT_NAME_PADDING_BYTES = 124;
/** Bytes of the answer to option `exportName` before the padding. */
export const EXPORT_NAME_ANSWER_BYTES = 10;

/** The answer to option `exportName`, which has no reply header. */
export function encodeExportNameAnswer(sizeBytes: number, flags: number, padded: boolean): Uint8Array {
  const padding = new Uint8Array(padded ? EXPORT_NAME_PADDING_BYTES : 0);
  return new WireWriter(EXPORT_NAME_ANSWER_BYTES + padding.byteLength)
    .u64(sizeBytes)
    .u16(flags)
    .bytes(padding)
    .done();
}

/** The first {@link EXPORT_NAME_ANSWER_BYTES} bytes of the answer. */
export function parseExportNameAnswer(bytes: Uint8Array): {
  readonly sizeBytes: number;
  readonly flags: number;
} {
  const reader = new WireReader(bytes, 'the answer to its export name');
  const answer = { sizeBytes: reader.size(), flags: reader.u16() };
  reader.end();
  return answer;
}
