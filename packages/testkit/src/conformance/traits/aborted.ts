import type { ConformanceCase } from '../case.ts';
import { abortDuring, expectCode, quiet } from '../expect.ts';
import type { Method } from './method.ts';

/** What a trait compares to see that nothing happened, e.g. the names of all objects on a platform. */
export type Observe<Context> = (context: Context) => Promise<unknown>;

/** A call with a signal that has fired rejects with `ABORTED` and changes nothing. */
export function abortedBeforeCases<Context>(
  handle: string,
  methods: readonly Method<Context>[],
  observe: Observe<Context>,
  equal: (before: unknown, after: unknown) => void,
): ConformanceCase<Context>[] {
  return methods.map(({ name, call }) => ({
    name: `${handle}.${name} with an aborted signal rejects with ABORTED and changes nothing`,
    clause: 'Call.signal: aborting rejects the call with ABORTED; nothing is written after the rejection',
    async run(context) {
      const before = await observe(context);
      await expectCode(() => call(context, { signal: AbortSignal.abort() }), 'ABORTED');
      await quiet();
      equal(await observe(context), before);
    },
  }));
}

/** A call that is aborted under way ends, with `ABORTED` if it fails, and changes nothing after it has ended. */
export function abortedDuringCases<Context>(
  handle: string,
  methods: readonly Method<Context>[],
  observe: Observe<Context>,
  equal: (before: unknown, after: unknown) => void,
): ConformanceCase<Context>[] {
  return methods.map(({ name, call }) => ({
    name: `${handle}.${name} aborted under way changes nothing after it has settled`,
    clause: 'Call.signal: nothing is written after the rejection',
    async run(context) {
      await abortDuring((options) => call(context, options));
      const settled = await observe(context);
      await quiet();
      equal(await observe(context), settled);
    },
  }));
}
