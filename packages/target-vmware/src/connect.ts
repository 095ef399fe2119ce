import { type Secrets, SendenseError, throwIfAborted } from '@sendense/core';
import { connectVim, type VimClient } from '@sendense/platform-vmware';
import type { Timer } from '@sendense/plugin-kit';
import type { TargetContext } from './context.ts';
import type { CheckedOptions } from './options.ts';

/** A session that is opened when it is first asked for, and again when opening it failed. */
export type LazySession = AsyncDisposable & { readonly connect: TargetContext['connect'] };

/** The session of a target; disposing logs out. It is everybody's, so that nobody who is cancelled ends its opening. */
export function lazySession(options: CheckedOptions, timer: Timer, secrets: Secrets): LazySession {
  let opening: Promise<VimClient> | undefined;
  return {
    async connect(call) {
      opening ??= open(options, timer, secrets).catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
      const client = await opening;
      throwIfAborted(call?.signal, 'connect-vim');
      return client;
    },
    async [Symbol.asyncDispose]() {
      const client = await opening?.catch(() => undefined);
      await client?.[Symbol.asyncDispose]();
    },
  };
}

async function open(options: CheckedOptions, timer: Timer, secrets: Secrets): Promise<VimClient> {
  const { address, user, passwordSecret, caPem, thumbprint } = options;
  const password = await secrets.get(passwordSecret);
  if (password === undefined) {
    throw new SendenseError('CONFIG_INVALID', `there is no secret called ${passwordSecret}`, {
      operation: 'connect-vim',
      context: { secret: passwordSecret },
      remedy: 'give the password of the vSphere user under this name, or name another by passwordSecret',
    });
  }
  return await connectVim({
    address,
    user,
    password,
    timer,
    ...(caPem === undefined ? {} : { caPem }),
    ...(thumbprint === undefined ? {} : { thumbprint }),
  });
}
