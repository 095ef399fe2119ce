import { type BlockLimits, SendenseError } from '@sendense/core';
import { type BlockSizes, MAX_STRING_BYTES } from '../../protocol/index.ts';
import { ALLOCATION_CONTEXT } from './allocation-context.ts';
import type { ServedExport } from './served-export.ts';

/** Largest alignment that a server may ask of clients. */
const MAX_ALIGNMENT_BYTES = 65_536;
/** Most contexts of an export, those of the server included. */
const MAX_CONTEXTS = 64;
/** Request size that costs clients no read-modify-write on common disks. */
const PREFERRED_BYTES = 4096;

/** Throws `CONFIG_INVALID` for a disk that NBD clients cannot use, e.g. one that takes each byte once. */
export function checkExport(
  name: string,
  { reader, writer, description = '', contexts = [] }: ServedExport,
): void {
  for (const text of [name, description, ...contexts.map((context) => context.name)]) checkText(text);
  checkLimits(name, reader.limits, reader.sizeBytes);
  if (writer !== undefined) {
    checkLimits(name, writer.limits, reader.sizeBytes);
    if (!writer.rewritable) throw invalid(name, 'has a writer that takes each byte only once');
    if (writer.sizeBytes !== reader.sizeBytes) throw invalid(name, 'has a reader and a writer of two sizes');
  }
  const names = new Set([ALLOCATION_CONTEXT, ...contexts.map((context) => context.name)]);
  if (names.size !== contexts.length + 1) throw invalid(name, 'has two contexts of one name');
  if (names.size > MAX_CONTEXTS) throw invalid(name, `has more than ${MAX_CONTEXTS} contexts`);
  for (const context of names) {
    if (!/^[^:]+:./.test(context)) throw invalid(name, `has context "${context}" without a namespace`);
  }
}

/** What clients are told to keep to: the wider alignment, and payloads of whole blocks. */
export function blockSizesOf({ reader, writer }: ServedExport, maxPayloadBytes: number): BlockSizes {
  const minBytes = Math.max(reader.limits.alignmentBytes, writer?.limits.alignmentBytes ?? 1);
  return {
    minBytes,
    preferredBytes: Math.max(minBytes, PREFERRED_BYTES),
    maxBytes: maxPayloadBytes - (maxPayloadBytes % minBytes),
  };
}

function checkLimits(name: string, { alignmentBytes, order }: BlockLimits, sizeBytes: number): void {
  if (order === 'ascending') throw invalid(name, 'goes only forward, and NBD clients go anywhere');
  if (alignmentBytes > MAX_ALIGNMENT_BYTES) {
    throw invalid(
      name,
      `has blocks of ${alignmentBytes} bytes, beyond the ${MAX_ALIGNMENT_BYTES} of the protocol`,
    );
  }
  if (sizeBytes % alignmentBytes !== 0) throw invalid(name, 'does not end at the edge of a block');
}

function checkText(text: string): void {
  if (Buffer.byteLength(text) > MAX_STRING_BYTES) {
    throw invalid(`${text.slice(0, 40)}…`, `has a text of more than ${MAX_STRING_BYTES} bytes`);
  }
}

function invalid(name: string, what: string): SendenseError {
  return new SendenseError('CONFIG_INVALID', `the export "${name}" ${what}`, {
    operation: 'add-export',
    context: { export: name },
    remedy: 'serve a random-access disk with block sizes of the NBD protocol',
  });
}
