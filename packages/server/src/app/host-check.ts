import type { IncomingHttpHeaders } from 'node:http';
import { SendenseError } from '@sendense/core';
import { isLoopbackHost } from '../access/loopback.ts';

/**
 * Refuses a request that a page of the internet may have made a browser send, for a server that asks for no credentials must not obey it:
 * one whose `Host` is not this machine, as the page's name was made to point here (DNS rebinding), and one that a page of another
 * origin sends here without being allowed to read the answer.
 */
export function refuseForeignPages({ host, origin }: Pick<IncomingHttpHeaders, 'host' | 'origin'>): void {
  if (host === undefined || !isLoopbackHost(hostNameOf(host)))
    throw refused(
      'the server answers only to names of this machine',
      'call it as localhost, or configure access',
    );
  if (origin !== undefined && URL.parse(origin)?.host !== host)
    throw refused('the server obeys no page of another origin', 'configure access');
}

function refused(message: string, remedy: string): SendenseError {
  return new SendenseError('PERMISSION_DENIED', message, { operation: 'check-host', remedy });
}

/** `[::1]:8080` → `[::1]`, `localhost:8080` → `localhost`. */
function hostNameOf(header: string): string {
  return /^(\[[^\]]*\]|[^:]*)(:\d{1,5})?$/.exec(header)?.[1] ?? '';
}
