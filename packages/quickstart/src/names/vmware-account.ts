import { resolve } from 'node:path';
import { Secret, SendenseError } from '@sendense/core';
import { type Environment, readSecretFile, readSmallFile } from '@sendense/plugin-kit';
import { nodeFileSystem } from '@sendense/plugin-kit/files';

/** Who logs in at a vCenter or ESXi, and by what its certificate is trusted. */
export type VmwareAccount = {
  /** E.g. `backup@vsphere.local`, or `root` on an ESXi. */
  readonly user: string;
  readonly password: Secret;
  /** PEM of the authorities to trust instead of those of Node. */
  readonly caPem?: string;
  /** SHA-256 or SHA-1 of the one certificate to trust. */
  readonly thumbprint?: string;
};

/** Gives the account for a server (`vc.example:8443`). Rejects with `CONFIG_INVALID` where there is none. */
export type AskVmwareAccount = (server: string) => Promise<VmwareAccount>;

/** What a configuration says of an account. Each comes before the variable of the environment. */
export type VmwareAccountSettings = {
  readonly user?: string | undefined;
  /** The file with the password, readable by its owner only. */
  readonly passwordFile?: string | undefined;
  /** The file with the authorities to trust. */
  readonly caFile?: string | undefined;
  readonly thumbprint?: string | undefined;
};

/** Where an account comes from besides the environment. */
export type VmwareAccountSources = {
  readonly settings?: VmwareAccountSettings;
  /** Relative paths start here; default the working directory of the process. */
  readonly workingDirectory?: string;
  /** Asks a person, where nothing else gives the password. */
  readonly prompt?: ((question: string) => Promise<Secret>) | undefined;
};

/** More than all authorities of the world take. */
const MAX_CA_BYTES = 4 * 2 ** 20;

/**
 * Accounts of `SENDENSE_VMWARE_USER`, `SENDENSE_VMWARE_PASSWORD`, `SENDENSE_VMWARE_CA_FILE` and `SENDENSE_VMWARE_THUMBPRINT`, unless
 * `settings` say otherwise; never of an argument: those are seen by every user of the machine.
 */
export function createAskVmwareAccount(
  environment: Environment,
  { settings = {}, workingDirectory = process.cwd(), prompt }: VmwareAccountSources = {},
): AskVmwareAccount {
  return async (server) => {
    const user = settings.user ?? variableOf(environment, 'USER');
    if (user === undefined) throw missing(server, 'user', 'SENDENSE_VMWARE_USER', 'user');
    const { caFile, thumbprint } = trustOf(settings) ?? {
      caFile: variableOf(environment, 'CA_FILE'),
      thumbprint: variableOf(environment, 'THUMBPRINT'),
    };
    const known = await knownPassword(environment, settings, workingDirectory);
    const password = known ?? (await prompt?.(`password of ${user} at ${server}`));
    if (password === undefined) throw missing(server, 'password', 'SENDENSE_VMWARE_PASSWORD', 'passwordFile');
    return {
      user,
      password,
      ...(caFile === undefined ? {} : { caPem: await readAuthorities(resolve(workingDirectory, caFile)) }),
      ...(thumbprint === undefined ? {} : { thumbprint }),
    };
  };
}

/** An empty variable counts as none. */
function variableOf(environment: Environment, name: string): string | undefined {
  return environment[`SENDENSE_VMWARE_${name}`] || undefined;
}

async function knownPassword(
  environment: Environment,
  { passwordFile }: VmwareAccountSettings,
  workingDirectory: string,
): Promise<Secret | undefined> {
  if (passwordFile !== undefined) return readSecretFile(resolve(workingDirectory, passwordFile));
  const text = variableOf(environment, 'PASSWORD');
  return text === undefined ? undefined : new Secret(text);
}

/** What the settings trust, if anything: it replaces what the environment trusts, which may be of another server. */
function trustOf({ caFile, thumbprint }: VmwareAccountSettings): VmwareAccountSettings | undefined {
  return (caFile ?? thumbprint) === undefined ? undefined : { caFile, thumbprint };
}

async function readAuthorities(path: string): Promise<string> {
  const text = Buffer.from(await readSmallFile(nodeFileSystem, path, MAX_CA_BYTES)).toString('latin1');
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  // Node trusts nobody then, and says of every server that its authority is not known
  throw new SendenseError('CONFIG_INVALID', `${path} holds no certificate in PEM`, {
    operation: 'read-authorities',
    context: { path },
    remedy: 'give the PEM of the authority; a DER is made one by "openssl x509 -inform der"',
  });
}

function missing(server: string, what: string, variable: string, setting: string): SendenseError {
  return new SendenseError('CONFIG_INVALID', `no ${what} was given for ${server}`, {
    operation: 'read-account',
    context: { server },
    remedy: `set ${variable}, or ${JSON.stringify(setting)} of the source in the configuration file`,
  });
}
