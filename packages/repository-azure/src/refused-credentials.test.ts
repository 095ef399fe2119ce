import { expect, it } from 'vitest';
import { refusalByTime } from './refused-credentials.ts';

const headers = (all: Readonly<Record<string, string>>) => ({ get: (name: string) => all[name] });
const at = (text: string) => new Date(text).toUTCString();
const NOON = '2026-01-01T12:00:00Z';
const answer = { headers: headers({ date: at(NOON) }) };
const signedAt = (time: string) => ({ headers: headers({ 'x-ms-date': at(time) }), url: 'http://a/b/c' });
const signedFor = (query: string) => ({ headers: headers({}), url: `http://a/b/c?sv=2026-02-06&${query}` });

it.each([
  ['a clock that is an hour slow', signedAt('2026-01-01T11:00:00Z'), 'AUTHENTICATION_FAILED', /clocks/],
  ['a clock that is 15 minutes fast', signedAt('2026-01-01T12:15:00Z'), 'AUTHENTICATION_FAILED', /clocks/],
  ['a signature that ran out', signedFor('se=2026-01-01T11%3A59%3A59Z'), 'EXPIRED', /run out/],
  ['a signature of minutes', signedFor('se=2026-01-01T12%3A00Z'), 'EXPIRED', /run out/],
  ['a signature of days', signedFor('se=2026-01-01'), 'EXPIRED', /run out/],
  [
    'a signature of later',
    signedFor('st=2026-01-01T12%3A05%3A00Z&se=2026-01-02T12%3A05%3A00Z'),
    'AUTHENTICATION_FAILED',
    /not valid yet/,
  ],
])('%s is told by the times of request and answer', (_what, request, code, text) => {
  expect(refusalByTime({ request, response: answer })).toMatchObject({
    code,
    text: expect.stringMatching(text) as string,
  });
});

it.each<[string, Parameters<typeof refusalByTime>[0]]>([
  ['clocks that agree', { request: signedAt('2026-01-01T11:50:00Z'), response: answer }],
  ['a signature that is valid', { request: signedFor('se=2026-01-02'), response: answer }],
  ['an answer without a time', { request: signedFor('se=2026-01-01'), response: { headers: headers({}) } }],
  ['times that are none', { request: signedFor('se=soon&st=never'), response: answer }],
  ['no request', { response: answer }],
  ['nothing', {}],
])('nothing is concluded from %s', (_what, refused) => {
  expect(refusalByTime(refused)).toBeUndefined();
});
