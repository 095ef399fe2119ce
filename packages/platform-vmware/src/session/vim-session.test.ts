import { Secret } from '@sendense/core';
import type { Timer } from '@sendense/plugin-kit';
import { describe, expect, it } from 'vitest';
import { simulatorReply } from '../../test/support/replies.ts';
import type { SoapMessage, SoapSender } from '../http/soap-channel.ts';
import { waitForTask } from '../properties/wait-for-task.ts';
import { VimSession } from './vim-session.ts';

const CONTENT = `<RetrieveServiceContentResponse><returnval><rootFolder type="Folder">root</rootFolder>
<propertyCollector type="PropertyCollector">pc</propertyCollector><viewManager type="ViewManager">vm</viewManager>
<about><apiVersion>8.0.2.0</apiVersion><apiType>VirtualCenter</apiType></about>
<sessionManager type="SessionManager">sm</sessionManager></returnval></RetrieveServiceContentResponse>`;

/** Bodies of answers by method; one that is not told is answered without a value. */
type Script = Readonly<Record<string, (message: SoapMessage) => string>>;

/** A channel that answers by a script and writes down what was sent. */
function scripted(script: Script) {
  const sent: SoapMessage[] = [];
  let logins = 0;
  const channel: SoapSender = {
    async send(message, call) {
      call?.signal?.throwIfAborted();
      sent.push(message);
      const { method } = message;
      if (method === 'Login') logins += 1;
      const body =
        method === 'RetrieveServiceContent' ? CONTENT : (script[method]?.(message) ?? `<${method}Response/>`);
      const cookie = method === 'Login' ? `vmware_soap_session=${logins}` : undefined;
      return { status: body.includes('Fault') ? 500 : 200, text: simulatorReply(body), cookie };
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  const account = { host: 'vc.example', user: 'u', password: new Secret('p') };
  const session = new VimSession(channel, account);
  return { session, sent, methods: () => sent.map(({ method }) => method) };
}

/** A timer whose waits end when the test says so. */
function heldTimer() {
  let wake: (() => void) | undefined;
  const timer: Timer = {
    monotonicMs: () => 0,
    sleep: async (_ms, signal) =>
      new Promise((resolve, reject) => {
        wake = resolve;
        signal?.addEventListener('abort', () => reject(new Error('ended')));
      }),
  };
  return { timer, beat: () => wake?.() };
}

const settled = async () => new Promise((resolve) => setImmediate(resolve));

describe('a session', () => {
  it('speaks the version that the server tells, after one that all know', async () => {
    const { session, sent } = scripted({});
    await session.open();
    expect(sent.map(({ action }) => action)).toEqual(['urn:vim25/6.5', 'urn:vim25/8.0.2.0']);
  });

  it('is used now and then, also after a failure, until it is closed', async () => {
    let broken = true;
    const failing = () =>
      broken ? '<Fault><faultstring>no</faultstring></Fault>' : '<CurrentTimeResponse/>';
    const { session, methods } = scripted({ CurrentTime: failing });
    const { timer, beat } = heldTimer();
    await session.open();
    session.keepAlive(timer, 1);
    for (const fails of [true, false]) {
      broken = fails;
      beat();
      await settled();
    }
    await session[Symbol.asyncDispose]();
    beat();
    await settled();
    expect(methods().slice(2)).toEqual(['CurrentTime', 'CurrentTime', 'Logout']);
  });

  it('that ends for many calls at once is opened once', async () => {
    const ended = '<Fault><detail><NotAuthenticatedFault/></detail></Fault>';
    const { session, methods } = scripted({
      CurrentTime: ({ cookie }) => (cookie === 'vmware_soap_session=2' ? '<CurrentTimeResponse/>' : ended),
    });
    await session.open();
    const ask = async () => session.invoke('CurrentTime', { type: 'ServiceInstance', id: 'ServiceInstance' });
    await Promise.all([ask(), ask(), ask()]);
    expect(methods().filter((method) => method === 'Login')).toHaveLength(2);
  });
});

describe('waiting for a task', () => {
  const change = (name: string, value: string) =>
    `<changeSet><name>${name}</name><op>assign</op><val>${value}</val></changeSet>`;
  const update = (version: number, changes: string) =>
    `<WaitForUpdatesExResponse><returnval><version>${version}</version><filterSet><objectSet>${changes}</objectSet></filterSet></returnval></WaitForUpdatesExResponse>`;
  const script = (updates: readonly string[]): Script => {
    const left = [...updates];
    return {
      CreatePropertyCollector: () =>
        '<CreatePropertyCollectorResponse><returnval type="PropertyCollector">own</returnval></CreatePropertyCollectorResponse>',
      WaitForUpdatesEx: () => left.shift() ?? '<WaitForUpdatesExResponse/>',
    };
  };
  const task = { type: 'Task', id: 'task-1' };

  it('goes on from the version it has, through answers without news, and tells progress', async () => {
    const { session, sent } = scripted(
      script([
        update(1, change('info.state', 'running')),
        '<WaitForUpdatesExResponse/>',
        update(2, change('info.progress', '40')),
        update(3, change('info.state', 'success') + change('info.result', 'done')),
      ]),
    );
    await session.open();
    const told: number[] = [];
    const result = await waitForTask(session, task, 'X_Task', { onPercent: (percent) => told.push(percent) });
    expect([result?.text, told]).toEqual(['done', [40]]);
    const versions = sent
      .filter(({ method }) => method === 'WaitForUpdatesEx')
      .map(({ body }) => /<version>(.*?)<\/version>|<version\/>/.exec(body)?.[1] ?? '');
    expect(versions).toEqual(['', '1', '1', '2']);
    expect(sent.at(-1)?.method).toBe('DestroyPropertyCollector');
  });

  it('ends with the fault of the task', async () => {
    const fault =
      '<fault xmlns:i="x" i:type="FilesystemQuiesceFault"/><localizedMessage>the guest did not rest</localizedMessage>';
    const { session } = scripted(
      script([update(1, change('info.state', 'error') + change('info.error', fault))]),
    );
    await session.open();
    await expect(waitForTask(session, task, 'CreateSnapshot_Task')).rejects.toMatchObject({
      code: 'QUIESCE_FAILED',
      message: expect.stringContaining('the guest did not rest'),
      context: { fault: 'FilesystemQuiesceFault', method: 'CreateSnapshot_Task' },
    });
  });
});
