import { machineKeyOf, SendenseError } from '@sendense/core';
import { createTestClock } from '@sendense/testkit';
import { expect, it } from 'vitest';
import type { NamedMachine, ServerServices } from '../services.ts';
import { SourceKeys } from './source-keys.ts';

const keyOf = (id: string) => machineKeyOf({ connection: 'test', id });

/** Keys of a host with the source `web`, which stands for the machine `state.id`; none: it cannot be opened. */
function makeKeys(state: { id?: string | undefined; opened: number; logged: string[] }) {
  const clock = createTestClock();
  const open = async (): Promise<NamedMachine> => {
    state.opened += 1;
    if (state.id === undefined)
      throw new SendenseError('CONNECTION_LOST', 'no hypervisor', { operation: 'open' });
    const machine = { machineKey: keyOf(state.id), [Symbol.asyncDispose]: async () => {} };
    return machine as unknown as NamedMachine;
  };
  const services = {
    sources: { names: ['web'], open },
    clock,
    log: ({ message }: { message: string }) => void state.logged.push(message),
  };
  return { keys: new SourceKeys(services as unknown as ServerServices), clock };
}

it('asks a source once a minute, and those that wait at once together', async () => {
  const state = { id: 'one', opened: 0, logged: [] };
  const { keys, clock } = makeKeys(state);
  for (const found of await Promise.all([keys.of(['web']), keys.of(['web', 'unknown'])]))
    expect(found).toEqual(new Set([keyOf('one')]));
  expect(state.opened).toBe(1);
  state.id = 'two';
  expect(await keys.of(['web'])).toEqual(new Set([keyOf('one')]));
  clock.advance(60_000);
  expect(await keys.of(['web'])).toEqual(new Set([keyOf('two')]));
});

it('keeps what a source was when it cannot be opened any more, and says so', async () => {
  const state = { id: 'one' as string | undefined, opened: 0, logged: [] as string[] };
  const { keys, clock } = makeKeys(state);
  await keys.of(['web']);
  state.id = undefined;
  clock.advance(60_000);
  expect(await keys.of(['web'])).toEqual(new Set([keyOf('one')]));
  expect(state.logged).toEqual([expect.stringContaining('does not tell its machine')]);
});

it('has no key of a source that could never be opened', async () => {
  const state = { opened: 0, logged: [] as string[] };
  expect(await makeKeys(state).keys.of(['web'])).toEqual(new Set());
  expect(state.logged).toHaveLength(1);
});

it('knows a machine that was opened for another purpose', async () => {
  const state = { opened: 0, logged: [] };
  const { keys } = makeKeys(state);
  keys.note('web', keyOf('one'));
  expect(await keys.of(['web'])).toEqual(new Set([keyOf('one')]));
  expect(state.opened).toBe(0);
});
