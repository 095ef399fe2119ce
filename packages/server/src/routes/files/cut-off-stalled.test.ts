import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { cutOffStalled } from './cut-off-stalled.ts';

it('A client that takes nothing any more is cut off, and what it was sent is read no further', async () => {
  let taken = 0;
  const endless = Readable.from(
    (function* () {
      for (;;) {
        taken += 1;
        yield new Uint8Array(64 * 1024);
      }
    })(),
  );
  const server = createServer((_request, response) => {
    cutOffStalled(response, 100);
    response.once('close', () => endless.destroy());
    endless.pipe(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const replied = once(server, 'request') as Promise<[unknown, ServerResponse]>;
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => undefined); // it is cut off
  client.pause();
  client.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const [, response] = await replied;
  await once(response, 'close');
  expect(response.writableFinished).toBe(false);
  expect(taken).toBeLessThan(10_000);
  client.destroy();
  server.close();
  await once(server, 'close');
});
