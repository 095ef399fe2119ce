import { type Call, SendenseError } from '@sendense/core';
import { childOf, textOf, type XmlElement } from '@sendense/plugin-kit/xml';
import { readProperties } from '../properties/read-properties.ts';
import type { FileRange, VimClient } from '../session/vim-client.ts';
import { type ManagedObject, vimObject } from '../soap/vim-value.ts';
import { createDatastoreFiles, type DatastoreFiles, type DatastoreFilesOptions } from './datastore-files.ts';

/** A host whose files are read without the vCenter in between. */
export type VimHost = {
  /** `esx1.example` or `esx1.example:8443`. */
  readonly address: string;
  /** SHA-1 of its certificate as vCenter knows it; `undefined` where it tells none. */
  readonly thumbprint: string | undefined;
};

/** Reads how a host is reached: by the name that it was added by. Rejects with `NOT_FOUND`. */
export async function readHost(client: VimClient, host: ManagedObject, call?: Call): Promise<VimHost> {
  const properties = { type: 'HostSystem', paths: ['name', 'summary.config.sslThumbprint'] };
  const [found] = await readProperties(client, [host], properties, call);
  const address = found?.values.get('name')?.text;
  if (address === undefined || address === '')
    throw new SendenseError('NOT_FOUND', `the server does not tell the name of the host ${host.id}`, {
      operation: 'read-host',
      context: { host: host.id },
    });
  return { address, thumbprint: found?.values.get('summary.config.sslThumbprint')?.text || undefined };
}

/**
 * Files of datastores from a host itself, by a ticket of the vCenter for each read: it is good for one request of one address. The
 * certificate of the host is the one that the ticket names, else the one that vCenter knows; without either the host is trusted as
 * the vCenter is. Reads reject as those of {@link createDatastoreFiles}, and with `UNTRUSTED_PEER`.
 */
export function createHostFiles(
  client: VimClient,
  host: VimHost,
  options: DatastoreFilesOptions = {},
): DatastoreFiles {
  const fetchRange = async (range: FileRange, call?: Call) => {
    const url = `https://${host.address}${range.path}`;
    const ticket = await acquireTicket(client, url, call);
    const thumbprint = ticket.thumbprint ?? host.thumbprint;
    return client.fetchFromHost(
      { ...range, host: { url: new URL(url), thumbprint }, cookie: ticket.cookie },
      call,
    );
  };
  const files = createDatastoreFiles({ host: host.address, fetchRange }, options);
  return {
    // a host has one datacenter, and needs no name for it
    read: (file, offset, into, call) => files.read({ ...file, datacenter: '' }, offset, into, call),
    size: (file, call) => files.size({ ...file, datacenter: '' }, call),
  };
}

type Ticket = { readonly cookie: string; readonly thumbprint: string | undefined };

async function acquireTicket(client: VimClient, url: string, call?: Call): Promise<Ticket> {
  const spec = vimObject(
    [
      ['method', 'httpGet'],
      ['url', url],
    ],
    'SessionManagerHttpServiceRequestSpec',
  );
  const { sessionManager } = client.content;
  const reply = await client.invoke('AcquireGenericServiceTicket', sessionManager, [['spec', spec]], call);
  return ticketOf(childOf(reply, 'returnval'));
}

function ticketOf(ticket: XmlElement | undefined): Ticket {
  const id = textOf(ticket, 'id') ?? '';
  if (/^[\w.:+/=-]{1,1024}$/.test(id))
    return { cookie: `vmware_cgi_ticket=${id}`, thumbprint: textOf(ticket, 'sslThumbprint') || undefined };
  throw new SendenseError('PROTOCOL_VIOLATION', 'the server gives no ticket for its host', {
    operation: 'vim-AcquireGenericServiceTicket',
    remedy: 'report this with the version of the server',
  });
}
