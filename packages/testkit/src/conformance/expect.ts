import assert from 'node:assert/strict';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { type Call, type ErrorCode, SendenseError } from '@sendense/core';

/** Fails unless `run` rejects (or throws) a SendenseError with one of `codes`; gives the error back. */
export async function expectCode(
  run: () => unknown,
  ...codes: readonly [ErrorCode, ...ErrorCode[]]
): Promise<SendenseError> {
  const wanted = codes.join(' or ');
  const outcome = await settle(run);
  assert.ok(!outcome.ok, `resolved, but must reject with ${wanted}`);
  const { error } = outcome;
  assert.ok(
    SendenseError.is(error),
    `rejected with ${String(error)}, which is no SendenseError; must be ${wanted}`,
  );
  assert.ok(codes.includes(error.code), `rejected with ${error.code} (${error.message}); must be ${wanted}`);
  return error;
}

/** How a call ended. */
export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown };

/** Runs to the end, whichever it is. An async iterable is read to its end. */
export async function settle(run: () => unknown): Promise<Outcome> {
  try {
    const value = await run();
    if (typeof value === 'object' && value !== null && Symbol.asyncIterator in value) {
      for await (const item of value as AsyncIterable<unknown>) void item;
    }
    return { ok: true, value };
  } catch (error) {
    return { ok: false, error };
  }
}

/** Starts a call, lets it get under way, and cancels it. Fails when it rejects with anything but `ABORTED`. */
export async function abortDuring(run: (call: Call) => unknown): Promise<'aborted' | 'done'> {
  const controller = new AbortController();
  const running = settle(() => run({ signal: controller.signal }));
  await Promise.resolve();
  controller.abort();
  const outcome = await running;
  if (outcome.ok) return 'done';
  assert.ok(
    SendenseError.is(outcome.error, 'ABORTED'),
    `an aborted call rejected with ${String(outcome.error)}; must be ABORTED`,
  );
  return 'aborted';
}

/** Long enough for what a worker thread still had in its hands, short enough to be done in every case. */
const GRACE_MS = 5;

/** Gives everything that was wrongly left running the chance to show itself: only waiting can show that nothing comes. */
export async function quiet(turns = 25): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await nextTurn();
  await wait(GRACE_MS);
}

/** Fails unless the bytes are equal, naming the first difference. */
export function expectBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  assert.equal(actual.byteLength, expected.byteLength, `${what}: length`);
  if (Buffer.compare(actual, expected) === 0) return;
  const at = actual.findIndex((byte, index) => byte !== expected[index]);
  assert.fail(`${what}: byte ${at} is ${actual[at]}, must be ${expected[at]}`);
}
