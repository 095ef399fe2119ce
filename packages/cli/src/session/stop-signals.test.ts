import { SendenseError } from '@sendense/core';
import { expect, it } from 'vitest';
import type { StopSignal } from '../exit-code.ts';
import type { Host } from '../host.ts';
import { processHost } from '../process-host.ts';
import { listenForStop } from './stop-signals.ts';

function stoppableHost() {
  let listener: (signal: StopSignal) => void = () => undefined;
  const exits: number[] = [];
  const clock = { ms: 1_000_000 };
  const host: Host = {
    ...processHost(),
    now: () => new Date(clock.ms),
    stderr: { write: () => true } as never,
    onSignal: (given) => {
      listener = given;
      return () => {
        listener = () => undefined;
      };
    },
    exit: (code) => exits.push(code),
  };
  return { host, exits, clock, send: (signal: StopSignal) => listener(signal) };
}

it('abandons at the first signal and ends at the second', () => {
  const { host, exits, send } = stoppableHost();
  const stop = listenForStop(host);
  expect([stop.signal.aborted, stop.received()]).toEqual([false, undefined]);
  send('SIGTERM');
  expect([stop.signal.aborted, stop.received(), exits]).toEqual([true, 'SIGTERM', []]);
  expect(SendenseError.is(stop.signal.reason, 'ABORTED')).toBe(true);
  send('SIGINT');
  expect([stop.received(), exits]).toEqual(['SIGTERM', [130]]);
});

it('takes the same signal in the same moment for one wish to stop', () => {
  const { host, exits, clock, send } = stoppableHost();
  const stop = listenForStop(host);
  send('SIGINT');
  clock.ms += 100;
  send('SIGINT');
  expect([stop.received(), exits]).toEqual(['SIGINT', []]);
  clock.ms += 1000;
  send('SIGINT');
  expect(exits).toEqual([130]);
});
