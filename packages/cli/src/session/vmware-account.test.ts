import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import type { Host } from '../host.ts';
import { vmwareAccount } from './vmware-account.ts';

/** A session on a terminal where `typed` is typed, once for each question; `undefined` is no terminal. */
function sessionOf(env: Record<string, string>, typed: readonly string[] | undefined) {
  const left = [...(typed ?? [])];
  const questions: string[] = [];
  const askHidden = async (question: string) => {
    questions.push(question);
    return left.shift() ?? '';
  };
  const host: Host = {
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    env,
    workingDirectory: '/',
    homeDirectory: '/',
    now: () => new Date(0),
    onSignal: () => () => undefined,
    onHangup: () => () => undefined,
    program: { path: '', args: [] },
    askHidden: typed === undefined ? undefined : askHidden,
    exit: () => undefined,
  };
  const { signal } = new AbortController();
  return {
    questions,
    session: {
      host,
      stop: { signal, received: () => undefined, abort: () => undefined, end: () => undefined },
    },
  };
}

const ENV = { SENDENSE_VMWARE_USER: 'root' };

it('asks on the terminal for the password of each server, once', async () => {
  const { session, questions } = sessionOf(ENV, ['first', 'second']);
  const passwords: string[] = [];
  for (const server of ['a.example', 'b.example', 'a.example'])
    passwords.push((await vmwareAccount(session)(server)).password.reveal());
  expect(passwords).toEqual(['first', 'second', 'first']);
  expect(questions).toEqual(['password of root at a.example: ', 'password of root at b.example: ']);
});

it('refuses an empty password, and says what to set where nobody can be asked', async () => {
  await expect(vmwareAccount(sessionOf(ENV, ['']).session)('a.example')).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: 'the password of root at a.example is empty',
  });
  await expect(vmwareAccount(sessionOf(ENV, undefined).session)('a.example')).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    remedy: expect.stringContaining('SENDENSE_VMWARE_PASSWORD') as string,
  });
});
