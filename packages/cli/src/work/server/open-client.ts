import { resolve } from 'node:path';
import { createClient, type SendenseClient } from '@sendense/client';
import { readSecretFile } from '@sendense/plugin-kit';
import { nodeFileSystem, readSmallFile } from '@sendense/plugin-kit/files';
import type { Session } from '../../session/session.ts';
import type { ServerSettings } from './server-settings.ts';

/** A file of all authorities that an operating system trusts is some 200 KiB. */
const MAX_CA_BYTES = 4 * 1024 * 1024;

/** A client of the server, with the caller's token; nothing is sent yet. Throws `CONFIG_INVALID` for settings that are wrong. */
export async function openClient(session: Session, settings: ServerSettings): Promise<SendenseClient> {
  const { url, caFile, patienceMs } = settings;
  const isEncrypted = /^https:/i.test(url);
  return createClient({
    url,
    token: await readToken(session, settings, isEncrypted),
    // without TLS there is no certificate to trust
    caPem: caFile === undefined || !isEncrypted ? undefined : await readText(session, caFile),
    reconnect: { giveUpMs: patienceMs },
  });
}

/**
 * The flag's or the configured file, the environment, the terminal; never an argument, which every user of the machine sees. A server
 * without TLS is on this machine and may ask for no token: nobody is asked for that one.
 */
async function readToken(
  { host, stop, log }: Session,
  { url, tokenFile, takesEnvironmentToken }: ServerSettings,
  isEncrypted: boolean,
): Promise<string | undefined> {
  if (tokenFile !== undefined)
    return (await readSecretFile(resolve(host.workingDirectory, tokenFile))).reveal();
  const { SENDENSE_TOKEN: token } = host.env;
  const isSet = token !== undefined && token !== '';
  if (isSet && takesEnvironmentToken) return token;
  if (isSet)
    log({
      level: 'warn',
      message: 'SENDENSE_TOKEN is for the server of SENDENSE_SERVER: it is not shown to another one',
      fields: { url },
    });
  if (!isEncrypted || host.askHidden === undefined) return undefined;
  return (await host.askHidden(`token for ${url}: `, stop.signal)) || undefined;
}

async function readText({ host }: Session, path: string): Promise<string> {
  const bytes = await readSmallFile(nodeFileSystem, resolve(host.workingDirectory, path), MAX_CA_BYTES);
  return new TextDecoder().decode(bytes);
}
