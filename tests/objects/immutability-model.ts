import type { IncomingMessage, ServerResponse } from 'node:http';
import { forward, type LoopbackServer, listenOnLoopback } from './pass-on.ts';

const UNTIL = 'x-ms-immutability-policy-until-date';
const MODE = 'x-ms-immutability-policy-mode';

type Policy = { readonly until: string; readonly mode: string };

/**
 * A model of ours of version-level immutability policies in front of a blob service without them: kept with the blob or
 * set later, told by HEAD, locked ones never shortened, and no deletion or overwriting while one is in force. After the
 * documented behaviour of "Set Blob Immutability Policy"; it does not check signatures of what it answers itself.
 */
export async function startImmutabilityModel(upstream: string): Promise<LoopbackServer> {
  const blobs = new Map<string, Policy | undefined>();
  return listenOnLoopback((incoming, response) => {
    void answer(blobs, upstream, incoming, response).catch(() => response.destroy());
  });
}

async function answer(
  blobs: Map<string, Policy | undefined>,
  upstream: string,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = Buffer.concat((await incoming.toArray()) as Uint8Array[]);
  const { pathname, searchParams } = new URL(incoming.url ?? '', upstream);
  const comp = searchParams.get('comp');
  const asked = policyIn(incoming);
  const held = blobs.get(pathname);
  const isHeld = held !== undefined && Date.parse(held.until) > Date.now();
  if (incoming.method === 'PUT' && comp === 'immutabilityPolicies') {
    const isShorter = isHeld && Date.parse(asked?.until ?? '') < Date.parse(held.until);
    if (!blobs.has(pathname)) refuse(response, 404, 'BlobNotFound');
    else if (asked === undefined) refuse(response, 400, 'MissingRequiredHeader');
    else if (isShorter && held.mode.toLowerCase() === 'locked')
      refuse(response, 409, 'ImmutabilityPolicyLocked');
    else {
      blobs.set(pathname, asked);
      response.writeHead(200, headersOf(asked)).end();
    }
    return;
  }
  if (isHeld && incoming.method === 'DELETE') {
    refuse(response, 409, 'BlobImmutableDueToPolicy');
    return;
  }
  const { status, headers, body: content } = await forward(upstream, incoming, body);
  const isMade = incoming.method === 'PUT' && status === 201 && (comp === null || comp === 'blocklist');
  if (isMade) blobs.set(pathname, asked);
  if (incoming.method === 'DELETE' && status === 202) blobs.delete(pathname);
  response.writeHead(status, { ...headers, ...(incoming.method === 'HEAD' && held ? headersOf(held) : {}) });
  response.end(content);
}

function policyIn({ headers }: IncomingMessage): Policy | undefined {
  const [until, mode = 'unlocked'] = [headers[UNTIL], headers[MODE]];
  return typeof until === 'string' ? { until, mode: String(mode) } : undefined;
}

function headersOf({ until, mode }: Policy): Record<string, string> {
  return { [UNTIL]: until, [MODE]: mode };
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'x-ms-error-code': code, 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>refused</Message></Error>`);
}
