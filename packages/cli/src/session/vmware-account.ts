import { Secret, SendenseError } from '@sendense/core';
import {
  type AskVmwareAccount,
  createAskVmwareAccount,
  type VmwareAccountSettings,
} from '@sendense/quickstart';
import type { Session } from './session.ts';

/** `--password-file`. */
export type PasswordOption = { readonly passwordFile?: string };

/** What of a session is needed. */
type Asking = Pick<Session, 'host' | 'stop'>;

/** What was typed in a session: nobody is asked twice for the password of one server. */
const typed = new WeakMap<Asking, Map<string, Promise<Secret>>>();

/** Accounts of vCenter and ESXi: the flag's file, the entry of the configuration, the environment, the terminal. */
export function vmwareAccount(
  session: Asking,
  entry: VmwareAccountSettings = {},
  { passwordFile = entry.passwordFile }: PasswordOption = {},
): AskVmwareAccount {
  const { env, workingDirectory, askHidden } = session.host;
  return createAskVmwareAccount(env, {
    settings: { ...entry, passwordFile },
    workingDirectory,
    prompt: askHidden === undefined ? undefined : (question) => askOnce(session, question),
  });
}

function askOnce(session: Asking, question: string): Promise<Secret> {
  const answers = typed.get(session) ?? new Map<string, Promise<Secret>>();
  typed.set(session, answers);
  const answer = answers.get(question) ?? ask(session, question);
  answers.set(question, answer);
  return answer;
}

async function ask({ host, stop }: Asking, question: string): Promise<Secret> {
  const text = await host.askHidden?.(`${question}: `, stop.signal);
  if (text !== undefined && text !== '') return new Secret(text);
  throw new SendenseError('CONFIG_INVALID', `the ${question} is empty`, {
    operation: 'read-account',
    remedy: 'run the command again',
  });
}
