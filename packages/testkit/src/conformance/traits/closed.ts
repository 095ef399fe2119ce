import type { ConformanceCase } from '../case.ts';
import { expectCode } from '../expect.ts';
import type { Method } from './method.ts';

/** After dispose every method rejects with `NOT_OPEN`, and a second dispose is harmless (invariant 10). */
export function closedCases<Context>(
  handle: string,
  methods: readonly Method<Context>[],
  dispose: (context: Context) => PromiseLike<void>,
): ConformanceCase<Context>[] {
  return [
    ...methods.map(({ name, call }) => ({
      name: `${handle}.${name} after dispose rejects with NOT_OPEN`,
      clause: `${handle}: a disposed handle is closed`,
      async run(context: Context) {
        await dispose(context);
        await expectCode(() => call(context), 'NOT_OPEN');
      },
    })),
    {
      name: `${handle} may be disposed twice`,
      clause: 'invariant 10: repeating dispose is harmless',
      async run(context) {
        await dispose(context);
        await dispose(context);
      },
    },
  ];
}
