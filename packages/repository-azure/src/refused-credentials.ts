import { commonRules, type StoreRule } from '@sendense/object-repository/remote';

/** The service refuses what is signed with a time 15 minutes from its own; a minute of that may go by on the way. */
const CLOCK_LIMIT_MS = 14 * 60_000;

const RAN_OUT: StoreRule = {
  code: 'EXPIRED',
  text: 'is refused: the shared access signature has run out',
  remedy: 'get a new signature and run it again',
};
const TOO_EARLY: StoreRule = {
  code: 'AUTHENTICATION_FAILED',
  text: 'is refused: the shared access signature is not valid yet',
  remedy: 'wait until it is, or get one that was made by a clock that is right',
};

type Headers = { get(name: string): string | undefined };

/** A request with its answer, as errors of the SDK hold them; nothing of it is relied on. */
export type RefusedRequest = {
  readonly request?: { readonly url?: unknown; readonly headers?: Headers };
  readonly response?: { readonly headers?: Headers };
};

/**
 * Why credentials were refused, where times tell it: that of the answer, and the one that the request was signed with (account key) or the
 * bounds of its signature. The service says `AuthenticationFailed` for each, and more only in a text, which an answer to HEAD has not.
 */
export function refusalByTime({ request, response }: RefusedRequest): StoreRule | undefined {
  const storeMs = timeOf(response?.headers?.get('date'));
  if (storeMs === undefined) return undefined;
  const signedMs = timeOf(request?.headers?.get('x-ms-date'));
  if (signedMs !== undefined && Math.abs(signedMs - storeMs) >= CLOCK_LIMIT_MS)
    return commonRules.clocksDiffer;
  const signature = URL.parse(String(request?.url))?.searchParams;
  const endsMs = timeOf(signature?.get('se'));
  if (endsMs !== undefined && endsMs <= storeMs) return RAN_OUT;
  const beginsMs = timeOf(signature?.get('st'));
  return beginsMs !== undefined && beginsMs > storeMs ? TOO_EARLY : undefined;
}

function timeOf(text: string | null | undefined): number | undefined {
  const timeMs = Date.parse(text ?? '');
  return Number.isNaN(timeMs) ? undefined : timeMs;
}
