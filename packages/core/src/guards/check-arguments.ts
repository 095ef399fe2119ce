import { SendenseError } from '../errors/sendense-error.ts';
import type { Call } from '../values/call.ts';
import { checkedInteger, checkRange } from '../values/checked-integer.ts';

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Throws `TypeError` unless `value` is an object. */
export function checkObject(value: unknown, what: string): void {
  if (!isRecord(value)) throw new TypeError(`${what} must be an object`);
}

/** Throws `TypeError` unless `value` is a string, `CONFIG_INVALID` when it is empty. */
export function checkText(value: unknown, what: string, operation: string): void {
  if (typeof value !== 'string') throw new TypeError(`${what} must be a string`);
  if (value === '') throw new SendenseError('CONFIG_INVALID', `${what} must not be empty`, { operation });
}

/** Throws `TypeError` unless `value` is an array. */
export function checkArray(value: unknown, what: string): void {
  if (!Array.isArray(value)) throw new TypeError(`${what} must be an array`);
}

/** Throws `TypeError` unless `value` can be iterated with `for await`. */
export function checkIterable(value: unknown, what: string): void {
  if (!isRecord(value) || !(Symbol.asyncIterator in value))
    throw new TypeError(`${what} must be an AsyncIterable`);
}

/** Throws `TypeError` unless `value` is bytes. */
export function checkBytes(value: unknown, what: string): void {
  if (!(value instanceof Uint8Array)) throw new TypeError(`${what} must be a Uint8Array`);
}

/** Throws `TypeError` unless `call` is what every contract call takes last. */
export function checkCall(call: Call | undefined): void {
  if (call === undefined) return;
  checkObject(call, 'call');
  const { signal, onProgress } = call;
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new TypeError('call.signal must be an AbortSignal');
  if (onProgress !== undefined && typeof onProgress !== 'function')
    throw new TypeError('call.onProgress must be a function');
}

/** Throws `TypeError` unless both are numbers, `RANGE_INVALID` unless they lie inside the disk and on its grid. */
export function checkAccess(
  offset: number,
  length: number,
  disk: { readonly sizeBytes: number; readonly limits: { readonly alignmentBytes: number } },
  operation: string,
): void {
  checkInside(offset, length, disk.sizeBytes, operation);
  const { alignmentBytes } = disk.limits;
  const end = offset + length;
  if (offset % alignmentBytes === 0 && (length % alignmentBytes === 0 || end === disk.sizeBytes)) return;
  throw new SendenseError(
    'RANGE_INVALID',
    `[${offset}, +${length}) is not on the grid of ${alignmentBytes} bytes`,
    { operation, context: { offset, length, alignmentBytes } },
  );
}

/** Throws `TypeError` unless both are numbers, `RANGE_INVALID` unless they lie inside the disk. */
export function checkInside(offset: number, length: number, sizeBytes: number, operation: string): void {
  if (typeof offset !== 'number') throw new TypeError('offset must be a number');
  if (typeof length !== 'number') throw new TypeError('length must be a number');
  checkRange({ offset, length }, sizeBytes, operation);
}

/** Throws `RANGE_INVALID` when one call moves more than the plugin takes. */
export function checkMaximum(length: number, maxBytes: number, operation: string): void {
  if (length <= maxBytes) return;
  throw new SendenseError('RANGE_INVALID', `${length} bytes at once; the most is ${maxBytes}`, {
    operation,
    context: { length, maxBytes },
  });
}

/** Throws `RANGE_INVALID` when a forward-only handle is sent back. */
export function checkForward(offset: number, position: number, operation: string): void {
  if (offset >= position) return;
  throw new SendenseError(
    'RANGE_INVALID',
    `offset ${offset} lies before ${position}: this handle goes forward only`,
    { operation, context: { offset, position } },
  );
}

/** Throws `UNSUPPORTED` unless the plugin declares the capability. */
export function checkCapability(offered: boolean, capability: string, what: string, operation: string): void {
  if (offered) return;
  throw new SendenseError('UNSUPPORTED', `the ${what} does not offer ${capability}`, {
    operation,
    context: { capability },
    remedy: `use a plugin whose capabilities declare ${capability}`,
  });
}

/** Throws `RANGE_INVALID` unless `value` is a safe integer of at least `minimum`. */
export function checkCount(value: number, what: string, minimum: number): void {
  if (typeof value !== 'number') throw new TypeError(`${what} must be a number`);
  checkedInteger(value, what, minimum);
}
