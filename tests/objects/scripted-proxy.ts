import { once } from 'node:events';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type Answer, forward, listenOnLoopback } from './pass-on.ts';

/** What happens to one request. */
export type Fault =
  /** Answered by the proxy; the server never sees it. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  /** The connection is cut before the server sees it. */
  | { readonly kind: 'reset' }
  /** The server carries it out, and the connection is cut before its answer. */
  | { readonly kind: 'lose-answer' }
  /** The server's answer is cut in the middle of its body. */
  | { readonly kind: 'cut-body' }
  /** One byte of the answer's body is another one. */
  | { readonly kind: 'flip-body' }
  /** The answer begins, and its body never ends. */
  | { readonly kind: 'stall-body' }
  /** Half of the request's body reaches the server, then the connection is cut. */
  | { readonly kind: 'cut-request' };

/** Decides about each request; `undefined` lets it through. */
export type FaultScript = (
  request: { readonly method: string; readonly path: string },
  count: number,
) => Fault | undefined;

/** A proxy on the loopback in front of a server. */
export interface ScriptedProxy extends AsyncDisposable {
  readonly endpoint: string;
  /** From now on; counts from 1 again. */
  script(script: FaultScript): void;
  /** Requests since the script was set. */
  readonly seen: readonly string[];
}

/** Starts a proxy that passes every request on, headers as they are, until a script says otherwise. */
export async function startScriptedProxy(upstream: string): Promise<ScriptedProxy> {
  let decide: FaultScript = () => undefined;
  let seen: string[] = [];
  const server = await listenOnLoopback((incoming, response) => {
    const { method = '', url = '' } = incoming;
    seen.push(`${method} ${url}`);
    const fault = decide({ method, path: url }, seen.length);
    void play(fault, upstream, incoming, response).catch(() => response.destroy());
  });
  return {
    endpoint: server.endpoint,
    script(script) {
      decide = script;
      seen = [];
    },
    get seen() {
      return seen;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function play(
  fault: Fault | undefined,
  upstream: string,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (fault?.kind === 'reset') {
    incoming.socket.destroy();
    return;
  }
  const body = Buffer.concat((await incoming.toArray()) as Uint8Array[]);
  if (fault?.kind === 'answer') {
    response.writeHead(fault.status, fault.headers);
    response.end(fault.body);
    return;
  }
  if (fault?.kind === 'cut-request') {
    await sendHalf(upstream, incoming, body);
    incoming.socket.destroy();
    return;
  }
  const answer = await forward(upstream, incoming, body);
  giveAnswer(fault, answer, response);
}

function giveAnswer(
  fault: Fault | undefined,
  { status, headers, body }: Answer,
  response: ServerResponse,
): void {
  const half = body.subarray(0, body.byteLength >> 1);
  if (fault?.kind === 'lose-answer') {
    response.destroy();
    return;
  }
  response.writeHead(status, headers);
  if (fault?.kind === 'cut-body') response.write(half, () => response.destroy());
  else if (fault?.kind === 'stall-body') response.write(half);
  else {
    if (fault?.kind === 'flip-body') body[0] = (body[0] ?? 0) ^ 1;
    response.end(body);
  }
}

async function sendHalf(
  upstream: string,
  { method, url, rawHeaders }: IncomingMessage,
  body: Buffer,
): Promise<void> {
  const outgoing = request(`${upstream}${url}`, { method, headers: rawHeaders });
  const ended = once(outgoing, 'close');
  outgoing.on('error', () => undefined);
  outgoing.write(body.subarray(0, body.byteLength >> 1), () => outgoing.destroy());
  await ended;
}
