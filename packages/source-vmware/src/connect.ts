import { type Secret, type Secrets, SendenseError } from '@sendense/core';
import {
  connectVim,
  createDatastoreFiles,
  createHostFiles,
  type DatastoreFiles,
  type DatastoreFilesOptions,
  readHost,
  type VimClient,
} from '@sendense/platform-vmware';
import type { Connection, SourceContext } from './context.ts';
import { unlessAborted } from './unless-aborted.ts';

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
      return unlessAborted(opening, call?.signal, 'connect-vim');
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
  const password = await passwordOf(secrets, passwordSecret);
  const vim = await connectVim({
    address,
    user,
    password,
    ...(caPem === undefined ? {} : { caPem }),
    ...(thumbprint === undefined ? {} : { thumbprint }),
    timer,
  });
  const reading: DatastoreFilesOptions = {
    maxReads,
    timer,
    random,
    onRetry: ({ code, message }) =>
      log?.({ level: 'info', message: 'a read is repeated', fields: { code, message } }),
  };
  return {
    vim,
    password,
    files: createDatastoreFiles(vim, reading),
    hostFiles: filesOfHosts(vim, options, reading),
    id: vim.content.about.instanceUuid ?? `esxi:${vim.host}`,
  };
}

/** Files of each host, made when they are first asked for. */
function filesOfHosts(
  vim: VimClient,
  { hostAddresses }: SourceContext['options'],
  reading: DatastoreFilesOptions,
): Connection['hostFiles'] {
  const hosts = new Map<string, DatastoreFiles>();
  return async (object, call) => {
    const known = hosts.get(object.id);
    if (known !== undefined) return known;
    const host = await readHost(vim, object, call);
    const files = createHostFiles(
      vim,
      { ...host, address: hostAddresses[host.address] ?? host.address },
      reading,
    );
    hosts.set(object.id, files);
    return files;
  };
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
