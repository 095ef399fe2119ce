import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { cutOffStalled } from './cut-off-stalled.ts';

const STALLED_MS = 100;
const PIECE = new Uint8Array(64 * 1024);

/** A server that gives what `body` gives, as long as its client takes it. */
async function serve(body: (response: ServerResponse) => AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
  const server = createServer((_request, response) => {
    const stream = Readable.from(body(response));
    cutOffStalled(response);
    response.setTimeout(STALLED_MS); // not of the server: a busy machine may take longer to send a request
    response.once('close', () => stream.destroy());
    stream.pipe(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const stop = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return { server, port, [Symbol.asyncDispose]: stop };
}

it('A client that takes nothing any more is cut off, and what it was sent is read no further', async () => {
  let taken = 0;
  await using served = await serve(function* () {
    for (;;) {
      taken += 1;
      yield PIECE;
    }
  });
  const replied = once(served.server, 'request') as Promise<[unknown, ServerResponse]>;
  const client = connect(served.port, '127.0.0.1');
  client.on('error', () => undefined); // it is cut off
  client.pause();
  client.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const [, response] = await replied;
  await once(response, 'close');
  expect(response.writableFinished).toBe(false);
  expect(taken).toBeLessThan(10_000);
  client.destroy();
});

it('A reply that has nothing to give for longer than that is whole', async () => {
  await using served = await serve(async function* (response) {
    yield PIECE;
    await once(response, 'timeout');
    yield PIECE;
  });
  const reply = await fetch(`http://127.0.0.1:${served.port}`);
  expect((await reply.arrayBuffer()).byteLength).toBe(2 * PIECE.byteLength);
});
