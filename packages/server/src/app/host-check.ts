import { SendenseError } from '@sendense/core';
import { isLoopbackHost } from '../access/loopback.ts';

/**
 * Refuses a request whose `Host` is not this machine. A server that asks for no credentials must not answer a page of the internet
 * whose name was made to point here (DNS rebinding): its requests carry the page's own name.
 */
export function refuseForeignHost(header: string | undefined): void {
  if (header !== undefined && isLoopbackHost(hostNameOf(header))) return;
  throw new SendenseError('PERMISSION_DENIED', 'the server answers only to names of this machine', {
    operation: 'check-host',
    remedy: 'call it as localhost, or configure access',
  });
}

/** `[::1]:8080` → `[::1]`, `localhost:8080` → `localhost`. */
function hostNameOf(header: string): string {
  return /^(\[[^\]]*\]|[^:]*)(:\d{1,5})?$/.exec(header)?.[1] ?? '';
}
