import type { Timer } from '@sendense/plugin-kit';
import { describe, expect, it } from 'vitest';
import { faultReply, PASSWORD, scripted } from '../../test/support/scripted-session.ts';
import type { SoapMessage } from '../http/soap-channel.ts';
import { SERVICE_INSTANCE as INSTANCE } from './service-content.ts';

const [FIRST, SECOND] = ['vmware_soap_session=1', 'vmware_soap_session=2'];

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
    const ask = async () => session.invoke('CurrentTime', INSTANCE);
    await Promise.all([ask(), ask(), ask()]);
    expect(methods().filter((method) => method === 'Login')).toHaveLength(2);
  });

  it('is that of the login: a reply that comes late and from nobody does not take its place', async () => {
    const { session, sent } = scripted({}, { CurrentTime: 'vmware_soap_session=nobody' });
    await session.open();
    await session.invoke('CurrentTime', INSTANCE);
    await session.invoke('CurrentTime', INSTANCE);
    expect(sent.map(({ cookie }) => cookie)).toEqual([undefined, undefined, FIRST, FIRST]);
  });

  it('is kept through calls that hang together, also when another one opens a new session meanwhile', async () => {
    let ended = false;
    const CurrentTime = ({ cookie }: SoapMessage) =>
      ended && cookie === FIRST ? faultReply('NotAuthenticated') : '<CurrentTimeResponse/>';
    const { session, sent } = scripted({ CurrentTime });
    await session.open();
    const seen: number[] = [];
    await session.inOneSession(async (invoke) => {
      seen.push(sent.length);
      await invoke('CurrentTime', INSTANCE);
      ended = true;
      await session.invoke('CurrentTime', INSTANCE);
      await invoke('CurrentTime', INSTANCE);
    });
    expect(seen).toHaveLength(2);
    expect(sent.filter(({ method }) => method === 'Login')).toHaveLength(2);
    expect(sent.slice(seen[1]).map(({ cookie }) => cookie)).toEqual(Array(3).fill(SECOND));
  });

  it('is not opened again when it is being closed', async () => {
    let close: Promise<void> | undefined;
    const CurrentTime = () => {
      close = session[Symbol.asyncDispose]();
      return faultReply('NotAuthenticated');
    };
    const { session, methods } = scripted({ CurrentTime });
    await session.open();
    await expect(session.invoke('CurrentTime', INSTANCE)).rejects.toMatchObject({ code: 'NOT_OPEN' });
    await close;
    expect(methods().filter((method) => method === 'Login')).toHaveLength(1);
  });
});

describe('a refusal that repeats the password', () => {
  it.each([
    [
      'its sentence, at the place where it is cut',
      `<faultstring>${'x'.repeat(495)}${PASSWORD}</faultstring>`,
    ],
    ['its type', `<detail><Of${PASSWORD}Fault/></detail>`],
    [
      'its right',
      `<detail><NoPermissionFault><privilegeId>${PASSWORD}</privilegeId></NoPermissionFault></detail>`,
    ],
  ])('does not have it in %s', async (_where, fault) => {
    const { session } = scripted({ CurrentTime: () => `<Fault>${fault}</Fault>` });
    await session.open();
    const error: unknown = await session.invoke('CurrentTime', INSTANCE).catch((reason: unknown) => reason);
    expect(JSON.stringify(error)).not.toContain(PASSWORD.slice(0, 5));
  });
});

describe('a changing call', () => {
  it('leaves open what was done when its reply is broken', async () => {
    const { session } = scripted({ Destroy_Task: () => '<' });
    await session.open();
    await expect(session.invoke('Destroy_Task', INSTANCE)).rejects.toMatchObject({
      code: 'FORMAT_INVALID',
      effect: 'unknown',
    });
  });
});
