import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { createClient } from '../create-client.ts';
import type { Fetch } from '../http/fetch.ts';
import type { DownloadCall } from './files.ts';

const CONTENT = Buffer.from('0123456789');
const TAG = '"a"';
const file = { mount_id: 'm', path: '/f' };
const octets = { 'content-type': 'application/octet-stream', etag: TAG };

type Answer = {
  readonly body?: Uint8Array | ReadableStream<Uint8Array>;
  readonly status?: number;
  readonly headers: Readonly<Record<string, string>>;
};

const NONE: Answer = { status: 404, headers: {} };

/** A client whose requests get `answers` one after the other, and the ranges that it asked for. */
function client(...answers: readonly Answer[]) {
  const left = [...answers];
  const ranges: (string | undefined)[] = [];
  const fetch: Fetch = async (_, init) => {
    ranges.push(init.headers.range);
    const { body = CONTENT, status = 200, headers } = left.shift() ?? NONE;
    return new Response(body as never, { status, headers });
  };
  const reconnect = { delayMs: 1, giveUpMs: 40 };
  return { client: createClient({ url: 'http://127.0.0.1:1', fetch, reconnect }), ranges };
}

/** An answer of bytes `first` to `last` of a file of `size`. */
const part = (first: number, last: number, size: number | string, headers: object = {}): Answer => ({
  body: CONTENT.subarray(first, last + 1),
  status: 206,
  headers: { ...octets, 'content-range': `bytes ${first}-${last}/${size}`, ...headers },
});

/** A body that breaks off behind `bytes`. */
function breakingOff(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => controller.enqueue(bytes),
    pull: (controller) => controller.error(new TypeError('terminated')),
  });
}

it.each<[string, DownloadCall, Answer]>([
  ['a part that is shorter', { offset: 2, length: 5 }, part(2, 4, 10)],
  ['a part that ends before the file', { offset: 2 }, part(2, 8, 10)],
  ['a part that is longer', { offset: 2, length: 2 }, part(2, 9, 10)],
  ['another part', { offset: 2, length: 2 }, part(3, 4, 10)],
  ['a part behind the end', { offset: 10 }, part(10, 4, 5)],
  ['a part of a file of unknown size', { offset: 2 }, part(2, 9, '*')],
  ['a part that says not which', { offset: 2 }, { status: 206, headers: octets }],
  ['the whole file', { offset: 2, etag: TAG }, { headers: octets }],
  ['a page', {}, { headers: { ...octets, 'content-type': 'text/html' } }],
  ['a page for a part', { offset: 2 }, part(2, 9, 10, { 'content-type': 'text/html' })],
  ['what tells no type', {}, { headers: { 'content-type': '' } }],
  ['packed bytes', {}, { headers: { ...octets, 'content-encoding': 'gzip' } }],
  ['packed bytes of a part', { offset: 2 }, part(2, 9, 10, { 'content-encoding': 'br' })],
  ['what a proxy has changed', {}, { status: 203, headers: octets }],
  ['a length that is none', {}, { headers: { ...octets, 'content-length': '1e3' } }],
])('refuses what was not asked for: %s', async (_, call, answer) => {
  const download = client(answer).client.files.download(file, call);
  await expect(download).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION', operation: 'downloadFile' });
});

it.each<[string, DownloadCall, Answer]>([
  ['the whole', { etag: TAG }, { headers: { ...octets, etag: '"b"' } }],
  ['the whole, without a tag', { etag: TAG }, { headers: { 'content-type': octets['content-type'] } }],
  ['a part', { offset: 2, etag: TAG }, part(2, 9, 10, { etag: '"b"' })],
  ['the whole instead of a part', { offset: 2, etag: TAG }, { headers: { ...octets, etag: '"b"' } }],
])('takes no file of another tag: %s', async (_, call, answer) => {
  await expect(client(answer).client.files.download(file, call)).rejects.toMatchObject({ code: 'CONFLICT' });
});

it('takes the file, and parts as far as it goes', async () => {
  const type = 'Application/Octet-Stream; charset=binary';
  const plain = { ...octets, 'content-type': type, 'content-encoding': 'identity', 'content-length': '10' };
  const { client: one, ranges } = client({ headers: plain }, part(2, 4, 10), part(8, 9, 10), part(3, 9, 10));
  const calls: DownloadCall[] = [
    { etag: TAG },
    { offset: 2, length: 3 },
    { offset: 8, length: 9 },
    { offset: 3 },
  ];
  const got: string[] = [];
  for (const call of calls)
    got.push((await buffer((await one.files.download(file, call)).stream)).toString());
  expect(got).toEqual(['0123456789', '234', '89', '3456789']);
  expect(ranges).toEqual([undefined, 'bytes=2-4', 'bytes=8-16', 'bytes=3-']);
});

it('goes on behind what came, and never with another file that a proxy sends all the same', async () => {
  const broken = () => ({
    body: breakingOff(CONTENT.subarray(0, 4)),
    headers: { ...octets, 'content-length': '10' },
  });
  const { client: one, ranges } = client(broken(), part(4, 9, 10));
  expect((await buffer((await one.files.download(file)).stream)).equals(CONTENT)).toBe(true);
  expect(ranges).toEqual([undefined, 'bytes=4-9']);
  const { client: other } = client(broken(), part(4, 9, 10, { etag: '"b"' }));
  const { stream } = await other.files.download(file);
  await expect(buffer(stream)).rejects.toMatchObject({ code: 'CONFLICT' });
});

it('has the whole file when its connection breaks off behind the last byte', async () => {
  const headers = { ...octets, 'content-length': '10' };
  const { client: one, ranges } = client({ body: breakingOff(CONTENT), headers });
  expect((await buffer((await one.files.download(file)).stream)).equals(CONTENT)).toBe(true);
  expect(ranges).toHaveLength(1);
});

it('asks for no part that is none', async () => {
  const { client: one, ranges } = client();
  const wrong: readonly DownloadCall[] = [
    { offset: -1 },
    { offset: 1.5 },
    { offset: Number.NaN },
    { length: 0 },
    { offset: 3, length: -1 },
    { length: 1.5 },
    { offset: 1, etag: 'a\r\nb' },
    { offset: 1, etag: '' },
  ];
  for (const call of wrong)
    await expect(one.files.download(file, call), JSON.stringify(call)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  expect(ranges).toEqual([]);
});

it('asks for no part of an archive', async () => {
  const { client: one, ranges } = client({ headers: { 'content-type': 'application/octet-stream' } });
  const archive = { ...file, format: 'zip' } as const;
  for (const call of [{ offset: 5 }, { offset: 0 }, { length: 5 }, { etag: TAG }])
    await expect(one.downloadFile(archive, call)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  expect(ranges).toEqual([]);
});

it('takes an archive that ends as one, and none that was cut and ended well by a proxy', async () => {
  const tar = Buffer.alloc(1024);
  const zip = Buffer.concat([Buffer.from('PK\x05\x06'), Buffer.alloc(18)]);
  const headers = { 'content-type': octets['content-type'] };
  const asked = [
    [tar, file],
    [tar, { ...file, format: 'tar' }],
    [zip, { ...file, format: 'zip' }],
  ] as const;
  for (const [body, request] of asked) {
    const { client: one } = client({ body, headers }, { body: body.subarray(0, -1), headers });
    const { stream, sizeBytes, etag } = await one.downloadFile(request, { timeoutMs: 1000 });
    expect([sizeBytes, etag, await buffer(stream)]).toEqual([null, null, body]);
    const cut = await one.downloadFile(request);
    await expect(buffer(cut.stream)).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      remedy: expect.stringContaining('again') as string,
    });
  }
});
