import { abortedError, type Secret, type Secrets, SendenseError } from '@sendense/core';
import { connectVim, createDatastoreFiles } from '@sendense/platform-vmware';
import type { Connection, SourceContext } from './context.ts';

/** A session that is opened when it is first asked for, and again when opening it failed. */
export type LazyConnection = AsyncDisposable & { readonly connect: SourceContext['connect'] };

/** Opens the session of `context`; disposing logs out. */
export function createConnection(
  context: Pick<SourceContext, 'options' | 'timer' | 'random' | 'log'>,
  secrets: Secrets,
): LazyConnection {
  let opening: Promise<Connection> | undefined;
  return {
    connect(call) {
      // the session is everybody's: a caller that is cancelled stops waiting, and the others go on
      opening ??= open(context, secrets).catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
      return unlessAborted(opening, call?.signal);
    },
    async [Symbol.asyncDispose]() {
      const opened = await opening?.catch(() => undefined);
      await opened?.vim[Symbol.asyncDispose]();
    },
  };
}

async function open(
  { options, timer, random, log }: Pick<SourceContext, 'options' | 'timer' | 'random' | 'log'>,
  secrets: Secrets,
): Promise<Connection> {
  const { address, user, passwordSecret, caPem, thumbprint, maxReads } = options;
  const vim = await connectVim({
    address,
    user,
    password: await passwordOf(secrets, passwordSecret),
    ...(caPem === undefined ? {} : { caPem }),
    ...(thumbprint === undefined ? {} : { thumbprint }),
    timer,
  });
  const files = createDatastoreFiles(vim, {
    maxReads,
    timer,
    random,
    onRetry: ({ code, message }) =>
      log?.({ level: 'info', message: 'a read is repeated', fields: { code, message } }),
  });
  return { vim, files, id: vim.content.about.instanceUuid ?? `esxi:${vim.host}` };
}

async function unlessAborted<T>(waited: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return waited;
  const cancelled = Promise.withResolvers<never>();
  const cancel = (): void => cancelled.reject(abortedError('connect-vim', signal));
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  try {
    return await Promise.race([cancelled.promise, waited]);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

async function passwordOf(secrets: Secrets, name: string): Promise<Secret> {
  const password = await secrets.get(name);
  if (password !== undefined) return password;
  throw new SendenseError('CONFIG_INVALID', `there is no secret called ${name}`, {
    operation: 'connect-vim',
    context: { secret: name },
    remedy: 'give the password of the vSphere user under this name, or name another by passwordSecret',
  });
}
