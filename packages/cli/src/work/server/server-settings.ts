import { SendenseError } from '@sendense/core';
import type { Config } from '../../config/config-schema.ts';
import type { CommonOptions } from '../../program/common-flags.ts';
import type { Session } from '../../session/session.ts';

/** Which server does the work, and how it is reached. */
export type ServerSettings = {
  readonly url: string;
  readonly tokenFile: string | undefined;
  /** Whether `SENDENSE_TOKEN` is for it: it is not where `SENDENSE_SERVER` names another one. */
  readonly takesEnvironmentToken: boolean;
  readonly caFile: string | undefined;
  /** How long it is waited for when it goes away while its job is followed. */
  readonly patienceMs: number;
};

/**
 * The server that `--server`, `SENDENSE_SERVER` or the configuration names; `undefined` without. The variable set to nothing is none,
 * whatever the configuration has. Throws `CONFIG_INVALID` for flags of a server without one.
 */
export function serverSettings(
  { host: { env }, config: { client } }: Pick<Session, 'host' | 'config'>,
  { serverUrl, tokenFile, caFile }: Pick<CommonOptions, 'serverUrl' | 'tokenFile' | 'caFile'>,
): ServerSettings | undefined {
  const url = serverUrl ?? env.SENDENSE_SERVER ?? client.url ?? '';
  if (url === '') {
    if ((tokenFile ?? caFile) !== undefined) throw noServer();
    return undefined;
  }
  // a token is for one server: that of the configuration goes to no other
  const own: Partial<Config['client']> = url === client.url ? client : {};
  return {
    url,
    tokenFile: tokenFile ?? own.tokenFile,
    takesEnvironmentToken: (env.SENDENSE_SERVER || url) === url,
    caFile: caFile ?? (env.SENDENSE_CA_FILE || own.caFile),
    patienceMs: client.patienceSeconds * 1000,
  };
}

function noServer(): SendenseError {
  return new SendenseError(
    'CONFIG_INVALID',
    '--token-file and --ca-file are for a server, and none is named',
    {
      operation: 'parse-arguments',
      remedy: 'add --server URL, or leave them out',
    },
  );
}
