import {
  amendError,
  type Call,
  type MachineSummary,
  type PluginServices,
  SendenseError,
  type SourceConnector,
} from '@sendense/core';
import type { VimClient } from '@sendense/platform-vmware';
import type { VmwareSettings } from '@sendense/source-vmware/settings';
import type { AskVmwareAccount, VmwareAccount } from './vmware-account.ts';
import type { VmwarePlace } from './vmware-place.ts';

/** A source for the machines of one server, and how one of them is found. */
export type OpenedVmware = {
  readonly source: SourceConnector;
  /** Finds the machine of the place, or the one that `wanted` names. */
  readonly choose: (wanted: string | undefined, call: Call) => Promise<MachineSummary>;
};

/** What the source takes from its host. */
export type VmwareServices = Partial<
  Pick<PluginServices, 'clock' | 'random' | 'drivers' | 'log' | 'temporaryDirectory'>
>;

/** Opens the source of the server that a place names; the packages of the platform are loaded here. Nothing is connected to yet. */
export async function openVmwareSource(
  place: VmwarePlace,
  askAccount: AskVmwareAccount,
  settings: VmwareSettings,
  services: VmwareServices,
): Promise<OpenedVmware> {
  const { createVmwareSource } = await import('@sendense/source-vmware');
  const account = await askAccount(place.server);
  const { password, ...options } = account;
  const secrets = { get: async () => password };
  const source = createVmwareSource(
    { address: place.server, ...settings, ...options },
    { ...services, secrets },
  );
  return {
    source,
    async choose(wanted, call) {
      const { findVmwareMachine } = await import('./find-vmware-machine.ts');
      await using vim = await connectVmware(place.server, account, call);
      const machines: MachineSummary[] = [];
      for await (const machine of source.machines(undefined, call)) machines.push(machine);
      const called = [place.machine, wanted].filter((text) => text !== undefined);
      return await findVmwareMachine(vim, machines, { ...place, called }, call);
    },
  };
}

/** A session of the vSphere API. Rejects as `connectVim` does, with remedies in the words of names and variables. */
export async function connectVmware(
  server: string,
  account: VmwareAccount,
  call: Call = {},
): Promise<VimClient> {
  const { connectVim } = await import('@sendense/platform-vmware');
  try {
    return await connectVim({ address: server, ...account }, call);
  } catch (error) {
    throw SendenseError.is(error, 'UNTRUSTED_PEER') ? amendError(error, { remedy: TRUST }) : error;
  }
}

const TRUST =
  'compare the thumbprint on the console of the server, and set SENDENSE_VMWARE_THUMBPRINT to it; or set SENDENSE_VMWARE_CA_FILE to the PEM of its authority (in the configuration: "thumbprint", "caFile")';
