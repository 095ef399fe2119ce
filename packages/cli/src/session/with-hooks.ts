import type { FreezeHooks } from '@sendense/engine';
import { runHook } from './run-hook.ts';
import type { Session } from './session.ts';

/** Options `--pre-freeze` and `--post-freeze`. */
export type HookOptions = { readonly preFreeze?: string; readonly postFreeze?: string };

/** The commands of the user around the frozen instant; `undefined` without any. */
export function hooksOf(session: Session, options: HookOptions): FreezeHooks | undefined {
  const { preFreeze, postFreeze } = options;
  if (preFreeze === undefined && postFreeze === undefined) return undefined;
  return {
    ...(preFreeze === undefined
      ? {}
      : { preFreeze: ({ signal }) => runHook('--pre-freeze', preFreeze, session.host, signal) }),
    ...(postFreeze === undefined
      ? {}
      : { postFreeze: ({ signal }) => runHook('--post-freeze', postFreeze, session.host, signal) }),
  };
}
