import { EventEmitter } from 'node:events';
import type { FastifyReply } from 'fastify';
import { expect, it } from 'vitest';
import { goneSignal } from './gone-signal.ts';

const STOP = new AbortController().signal;

/** The answer to a client, of which this signal knows no more. */
function replyOf(destroyed: boolean, writableFinished: boolean) {
  const raw = Object.assign(new EventEmitter(), { destroyed, writableFinished });
  return { raw, reply: { raw } as unknown as FastifyReply };
}

it('A client that has gone before anybody listened is gone', () => {
  expect(goneSignal(replyOf(true, false).reply, STOP).aborted).toBe(true);
});

it('A client goes once, not when it has its answer', () => {
  const [early, late] = [replyOf(false, false), replyOf(false, true)];
  const signals = [goneSignal(early.reply, STOP), goneSignal(late.reply, STOP)];
  for (const { raw } of [early, late]) raw.emit('close');
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
});
