import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, request } from 'node:http';

/** An answer of a server, whole. */
export type Answer = {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
};

/** Sends a request on as it is, but for its body, which was read already. */
export async function forward(
  upstream: string,
  { method, url, rawHeaders }: IncomingMessage,
  body: Buffer,
): Promise<Answer> {
  const outgoing = request(`${upstream}${url}`, { method, headers: rawHeaders });
  outgoing.end(body);
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  const status = answer.statusCode ?? 502;
  return { status, headers: answer.headers, body: Buffer.concat((await answer.toArray()) as Uint8Array[]) };
}

/** A server of ours on the loopback. */
export interface LoopbackServer extends AsyncDisposable {
  readonly endpoint: string;
}

/** Listens on a free port of the loopback. */
export async function listenOnLoopback(listener: RequestListener): Promise<LoopbackServer> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
