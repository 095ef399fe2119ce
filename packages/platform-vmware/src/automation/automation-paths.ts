import type { Json } from '@sendense/core';

/**
 * Where a server has its automation API: below `/api` from vCenter 7.0 U2 on, below `/rest` from 6.5 on, which later ones still have
 * and call deprecated.
 */
export type AutomationPaths = 'api' | 'rest';

/** A request of the automation API, wherever that is. */
export type AutomationRequest = {
  readonly method: 'GET' | 'POST';
  /** A collection of `com.vmware.cis`, e.g. `tagging/tag`. */
  readonly of: string;
  /** One of the collection. */
  readonly id?: string;
  readonly action?: string;
  readonly body?: Json;
  /** What the action is asked of: a field of the body below `/api`, and in the path below `/rest`. */
  readonly about?: { readonly field: string; readonly id: string };
};

/** Path and query of the session, which is made by POST and removed by DELETE. */
export const SESSION_PATHS: Readonly<Record<AutomationPaths, string>> = {
  api: '/api/session',
  rest: '/rest/com/vmware/cis/session',
};

/** Where to look for the API of a server of `apiVersion` (`7.0.2.0`), the likely place first. */
export function likelyPaths(apiVersion: string): readonly AutomationPaths[] {
  const [major = 0, minor = 0, update = 0] = apiVersion.split('.').map(Number);
  const hasApi = major > 7 || (major === 7 && (minor > 0 || update >= 2));
  return hasApi ? ['api', 'rest'] : ['rest', 'api'];
}

/** Path and query of a request. */
export function addressOf(
  paths: AutomationPaths,
  { of: collection, id, action, about }: AutomationRequest,
): string {
  if (paths === 'api') {
    const one = id === undefined ? '' : `/${segment(id)}`;
    return `/api/cis/${collection}${one}${action === undefined ? '' : `?action=${action}`}`;
  }
  const named = id ?? about?.id;
  const one = named === undefined ? '' : `/id:${segment(named)}`;
  return `/rest/com/vmware/cis/${collection}${one}${action === undefined ? '' : `?~action=${action}`}`;
}

/** The JSON of a request; `undefined` for none. */
export function bodyOf(paths: AutomationPaths, { body, about }: AutomationRequest): string | undefined {
  if (body !== undefined) return JSON.stringify(body);
  return about === undefined || paths === 'rest' ? undefined : JSON.stringify({ [about.field]: about.id });
}

/** Ids are URNs, whose colons stand as they are. */
function segment(id: string): string {
  return encodeURIComponent(id).replaceAll('%3A', ':');
}

/** The value of an answer: by itself below `/api`, as the field `value` below `/rest`. Throws a `SyntaxError` for what is no JSON. */
export function valueIn(paths: AutomationPaths, text: string): unknown {
  if (text.trim() === '') return undefined;
  const told: unknown = JSON.parse(text);
  if (paths === 'api') return told;
  return typeof told === 'object' && told !== null && 'value' in told ? told.value : undefined;
}
