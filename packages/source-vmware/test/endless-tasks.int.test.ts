import { abortedError, systemRandom } from '@sendense/core';
import { createSnapshot, describeMachine, type VimClient, type VimInvoke } from '@sendense/platform-vmware';
import { parseXmlDocument } from '@sendense/plugin-kit/xml';
import { describeWithPeers } from '@sendense/tests/peers';
import { beforeAll, expect, it } from 'vitest';
import type { Connection, SourceContext } from '../src/context.ts';
import { freeze } from '../src/freeze.ts';
import { snapshotText } from '../src/leftovers.ts';
import { checkOptions } from '../src/options.ts';
import { Guest, requestOf } from './guest.ts';
import { useBench, type VcenterBench } from './vcenter-bench.ts';

/** An answer of the server. */
function reply(body: string) {
  return parseXmlDocument(`<reply>${body}</reply>`, { what: 'a reply', maxCharacters: 1000, remedy: '' });
}

describeWithPeers(['test-vcenter'], 'the task of a snapshot that the server never ends', () => {
  const opened = useBench();
  let bench: VcenterBench;
  beforeAll(() => {
    bench = opened();
  });

  /** A machine that is frozen over a server which begins that task, and then answers for it by `wait`. */
  async function freezing(wait: (signal: AbortSignal | undefined) => Promise<void>, signal?: AbortSignal) {
    const { machine } = await Guest.boot(bench, [1024 * 1024]);
    const { operator } = bench;
    let nowMs = 0;
    const invoke: VimInvoke = async (method, ...rest) =>
      method === 'CreateSnapshot_Task'
        ? reply('<returnval type="Task">task-endless</returnval>')
        : operator.invoke(method, ...rest);
    const inOneSession: VimClient['inOneSession'] = (run, call) =>
      operator.inOneSession((ask) => {
        const told: VimInvoke = async (method, ...rest) => {
          if (method === 'CreateFilter') return reply('');
          if (method !== 'WaitForUpdatesEx') return ask(method, ...rest);
          await wait(call?.signal);
          nowMs += 20_000;
          return reply('');
        };
        return run(told);
      }, call);
    const vim = new Proxy(operator, {
      get(client, name) {
        const value: unknown = Reflect.get(client, name, client);
        if (name === 'invoke') return invoke;
        if (name === 'inOneSession') return inOneSession;
        return typeof value === 'function' ? value.bind(client) : value;
      },
    });
    const context = {
      options: checkOptions({
        address: 'vc.example',
        user: 'u',
        track: 'existing',
        taskPatienceMinutes: 10,
      }),
      clock: { now: () => new Date(0), monotonicMs: () => nowMs },
      random: systemRandom,
      timer: { monotonicMs: () => nowMs, sleep: async () => undefined },
    } as unknown as SourceContext;
    const request = requestOf(machine);
    const read = (await describeMachine(operator, machine.object)).machine;
    const frozen = freeze(
      context,
      { vim } as Connection,
      read,
      request,
      signal === undefined ? {} : { signal },
    );
    return { machine, request, frozen, waitedMs: () => nowMs };
  }

  it('does not hold a backup that is cancelled, and what it makes later is removed by the next reconcile', async () => {
    const caller = new AbortController();
    const { machine, request, frozen } = await freezing(async (signal) => {
      caller.abort();
      const ended = Promise.withResolvers<never>();
      signal?.addEventListener('abort', () =>
        ended.reject(abortedError('test', signal, undefined, 'unknown')),
      );
      await ended.promise;
    }, caller.signal);
    await expect(frozen).rejects.toMatchObject({ code: 'ABORTED', effect: 'unknown' });
    const { id: capture, stream } = request;
    const text = snapshotText({ capture, stream, at: new Date(0) });
    await createSnapshot(bench.operator, machine.object, { ...text, quiesce: false });
    await using source = bench.source();
    const keep = { states: [], captures: [], restores: [], replicas: [], graceMs: 0 };
    const { removed } = await source.reconcile({ owner: 'sendense', ...keep });
    expect(removed).toEqual([expect.stringContaining(text.name)]);
    expect(await bench.snapshots(machine)).toEqual([]);
  });

  it('fails the backup when it has stood still for as long as the options say', async () => {
    const { frozen, waitedMs } = await freezing(async () => undefined);
    await expect(frozen).rejects.toMatchObject({ code: 'TIMEOUT', effect: 'unknown' });
    expect(waitedMs()).toBe(600_000);
  });
});
