import { SendenseError } from '@sendense/core';
import { connectVmware, parsePlaceName, parseVmwarePlace } from '@sendense/quickstart';
import type { Command } from 'commander';
import { findPlace, type Place } from '../names/find-place.ts';
import { describeVms, vmLines } from '../output/describe-vms.ts';
import { parseText } from '../program/flag-values.ts';
import { type MachineOption, machineFlag, passwordFlag } from '../program/shared-flags.ts';
import { openConnector } from '../session/open-source.ts';
import type { Session } from '../session/session.ts';
import { type PasswordOption, vmwareAccount } from '../session/vmware-account.ts';
import { defineVerb } from '../verb.ts';

type Options = PasswordOption & MachineOption & { readonly server: string };

function flags(command: Command): Command {
  const text = 'only machines of this name, managed object id or UUID';
  return passwordFlag(machineFlag(command, text)).requiredOption(
    '--server <server>',
    'HOST[:PORT] or vmware://HOST of a vCenter or ESXi, or a source of the configuration on it',
    parseText,
  );
}

/** A server by the name of its source, and what the configuration says of that. */
type Server = Pick<Place, 'settings'> & { readonly name: string; readonly server: string };

/** A name of the configuration as it stands there, else a server, with or without its kind. */
function serverOf({ config }: Session, given: string): Server {
  const isName = Object.hasOwn(config.sources, given) || given.startsWith('vmware:');
  const name = isName ? given : `vmware://${given}`;
  const { text, settings } = findPlace(config, 'source', name);
  const { kind, rest } = parsePlaceName('source', text);
  if (kind === 'vmware') return { name, settings, server: parseVmwarePlace(rest).server };
  throw new SendenseError('CONFIG_INVALID', `the source ${JSON.stringify(given)} is of no vCenter or ESXi`, {
    operation: 'parse-arguments',
    remedy: 'give --server HOST, or a source that begins with vmware://',
  });
}

/** `vmware vms` */
export const vmwareVms = defineVerb<Options>({
  words: ['vmware', 'vms'],
  summary: 'list the machines of a vCenter or ESXi, and what backups of them leave out',
  flags,
  async run(session, options) {
    const { listVms } = await import('../vmware/list-vms.ts');
    const { name, server, settings } = serverOf(session, options.server);
    const account = await vmwareAccount(session, settings, options)(server);
    const vim = session.own(await connectVmware(server, account, session.call));
    const source = await openConnector(session, name, options);
    const listing = await listVms(vim, source, options.machine, session.call);
    return {
      json: describeVms(vim, server, listing),
      lines: vmLines(vim, listing),
      exitCode: listing.failures.length === 0 ? 0 : 1,
    };
  },
});
