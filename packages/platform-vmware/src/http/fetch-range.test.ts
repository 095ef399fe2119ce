import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent } from 'undici';
import { describe, expect, it } from 'vitest';
import { fetchRange, type RangeAnswer } from './fetch-range.ts';

const CONTENT = Uint8Array.from({ length: 1000 }, (_, index) => index % 251);

/** What `length` bytes from 100 on are read as from a server that answers so. */
async function fetched(
  answer: RequestListener,
  length = 300,
  timeoutMs = 5000,
): Promise<{ readonly answer: RangeAnswer; readonly into: Uint8Array; readonly asked: string | undefined }> {
  let asked: string | undefined;
  const server = createServer((request, response) => {
    asked = request.headers.range;
    answer(request, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  await using agent = { agent: new Agent(), [Symbol.asyncDispose]: () => agent.agent.destroy() };
  const { port } = server.address() as AddressInfo;
  const into = new Uint8Array(length);
  const host = `127.0.0.1:${port}`;
  try {
    const from = { agent: agent.agent, origin: `http://${host}`, host, timeoutMs };
    const message = { path: '/f', name: '[d] f', offset: 100, into, cookie: 'a=b' };
    return { answer: await fetchRange(from, message), into, asked };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Answers with bytes `from` to `to` of the content, and says so of those in `told`. */
function part(from: number, to: number, told = `bytes ${from}-${to - 1}/1000`): RequestListener {
  return (_request, response) => {
    response.writeHead(206, { 'content-range': told }).end(CONTENT.subarray(from, to));
  };
}

describe('a part of a file', () => {
  it('is asked for by its first and last byte and fills the buffer', async () => {
    const { answer, into, asked } = await fetched(part(100, 400));
    expect(asked).toBe('bytes=100-399');
    expect(into).toEqual(CONTENT.slice(100, 400));
    expect(answer).toEqual({ status: 206, fileBytes: 1000, retryAfterMs: undefined });
  });

  it.each([
    ['is of another part', part(0, 300), 'PROTOCOL_VIOLATION'],
    ['does not say of which part it is', part(100, 400, 'bytes'), 'PROTOCOL_VIOLATION'],
    ['is longer than it says', part(100, 500, 'bytes 100-399/1000'), 'PROTOCOL_VIOLATION'],
    ['is shorter than it says', part(100, 300, 'bytes 100-399/1000'), 'CONNECTION_LOST'],
    ['ends where the file ends', part(100, 250, 'bytes 100-249/250'), 'CORRUPT'],
  ])('is refused when it %s', async (_how, answer, code) => {
    await expect(fetched(answer)).rejects.toMatchObject({ code, context: { file: '[d] f' } });
  });

  it('is lost, to be asked for again, when the connection is cut', async () => {
    const cut: RequestListener = (_request, response) => {
      response.writeHead(206, { 'content-range': 'bytes 100-399/1000', 'content-length': '300' });
      response.write(CONTENT.subarray(100, 200), () => response.socket?.destroy());
    };
    await expect(fetched(cut)).rejects.toMatchObject({ code: 'CONNECTION_LOST', retry: 'later' });
  });

  it('is not there in any other answer, which is left to the caller', async () => {
    const busy: RequestListener = (_request, response) => {
      response.writeHead(503, { 'retry-after': '7', 'content-range': 'bytes */1000' }).end('<html>');
    };
    expect((await fetched(busy)).answer).toEqual({ status: 503, fileBytes: 1000, retryAfterMs: 7000 });
  });
});
