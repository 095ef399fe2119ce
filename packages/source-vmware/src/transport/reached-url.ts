import { SendenseError } from '@sendense/core';

/**
 * The address that a lease names, at the host as it is reached from here. `addresses` are those of the option `hostAddresses`: a host
 * is looked for with its port, then by its name alone; where the address found has no port, that of the lease stays. Throws
 * `CONFIG_INVALID` for an address that is none.
 */
export function reachedUrl(url: URL, addresses: Readonly<Record<string, string>>): URL {
  const { host, hostname, port } = url;
  const address = own(addresses, host) ?? own(addresses, hostname);
  if (address === undefined) return url;
  const reached = URL.parse(`${url.protocol}//${address}`);
  if (reached === null || reached.hostname === '' || reached.pathname !== '/') throw noAddress(host, address);
  // a port that is the usual one of its scheme is not told apart from none
  if (!/:\d+$/.test(address)) reached.port = port;
  reached.pathname = url.pathname;
  reached.search = url.search;
  return reached;
}

function own(addresses: Readonly<Record<string, string>>, host: string): string | undefined {
  return Object.hasOwn(addresses, host) ? addresses[host] : undefined;
}

function noAddress(host: string, address: string): SendenseError {
  return new SendenseError(
    'CONFIG_INVALID',
    `${JSON.stringify(address)} is no address for the host ${host}`,
    {
      operation: 'open-disk',
      context: { host },
      remedy: 'write HOST or HOST:PORT in hostAddresses',
    },
  );
}
