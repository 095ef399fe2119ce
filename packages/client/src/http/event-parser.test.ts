import { seededInteger, seededRandom } from '@sendense/testkit';
import { expect, it } from 'vitest';
import { EventParser } from './event-parser.ts';

const TEXT =
  '\uFEFFretry: 250\n\n' +
  ': a comment\n\n' +
  'id: 1\nevent: state\ndata: {"a":"ü€\u{1f4be}"}\n\n' +
  'data:no space\ndata:  two spaces\n\n' +
  'event: lonely\n\n' +
  'id: 2\nnothing: known\nevent: finding\ndata\ndata: x:y\n\n' +
  'id: 3\ndata: never finished\n';

const EVENTS = [
  { id: '1', event: 'state', data: '{"a":"ü€\u{1f4be}"}' },
  { id: null, event: 'message', data: 'no space\n two spaces' },
  { id: '2', event: 'finding', data: '\nx:y' },
];

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** The events of `bytes` that come in pieces cut at `cuts`. */
function parse(bytes: Uint8Array, ...cuts: readonly number[]) {
  const parser = new EventParser();
  const ends = [...cuts, bytes.length];
  const messages = ends.flatMap((end, at) => parser.push(bytes.subarray(ends[at - 1] ?? 0, end)));
  return { messages, retryMs: parser.retryMs };
}

it.each([
  ['LF', '\n'],
  ['CR LF', '\r\n'],
  ['CR', '\r'],
])('reads events with lines that end in %s, wherever the bytes are cut', (_, end) => {
  const bytes = bytesOf(TEXT.replaceAll('\n', end));
  const whole = { messages: EVENTS, retryMs: 250 };
  expect(parse(bytes)).toEqual(whole);
  expect(parse(bytes, ...bytes.keys())).toEqual(whole);
  for (let at = 0; at <= bytes.length; at += 1) expect(parse(bytes, at), `cut at ${at}`).toEqual(whole);
});

it('leaves out ids with NUL, and pauses that are no number', () => {
  const { messages, retryMs } = parse(bytesOf('retry: soon\nid: 1\0\ndata: x\n\n'));
  expect(messages).toEqual([{ id: null, event: 'message', data: 'x' }]);
  expect(retryMs).toBeUndefined();
});

it('refuses a line or an event that has no end', () => {
  const line = bytesOf('x'.repeat(65_536));
  const data = bytesOf(`data: ${'x'.repeat(65_536)}\n`);
  const bare = bytesOf('data\n'.repeat(65_536));
  for (const piece of [line, data, bare]) {
    const parser = new EventParser();
    const feed = () => {
      for (let count = 0; count < 100; count += 1) parser.push(piece);
    };
    expect(feed).toThrow(expect.objectContaining({ code: 'PROTOCOL_VIOLATION' }));
  }
});

it('takes what a server begins every stream with for no news, and a comment for news', () => {
  const parser = new EventParser();
  parser.push(bytesOf('retry: 2000\n\n'));
  expect(parser.hasNews).toBe(false);
  parser.push(bytesOf(': \n\n'));
  expect(parser.hasNews).toBe(true);
});

it('reads damaged streams the same however they are cut', () => {
  const random = seededRandom(5);
  for (let round = 0; round < 500; round += 1) {
    const bytes = bytesOf(TEXT);
    for (let flips = 0; flips < 5; flips += 1)
      bytes[seededInteger(random, bytes.length)] = seededInteger(random, 256);
    const whole = parse(bytes);
    const at = seededInteger(random, bytes.length);
    expect(parse(bytes, at)).toEqual(whole);
    expect(parse(bytes, ...bytes.keys())).toEqual(whole);
  }
});
