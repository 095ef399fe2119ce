import { createNbdDriver } from '@sendense/blockio-nbd';
import type { NbdEndpoint } from '@sendense/core';
import type { BlockIoDriverSubject, DiskContent } from '@sendense/testkit';

/** A server with one disk; disposing stops it. */
export type DiskServer = AsyncDisposable & { readonly endpoint: NbdEndpoint };

const writer = { order: 'random', rewritable: true, untouched: 'unknown', durable: false } as const;
const capabilities = {
  transfer: false,
  packsZeros: false,
  chunker: true,
  reader: { order: 'random', digests: false, locate: false },
  writer: { ...writer, endpoint: false, copyFrom: false },
} as const;

/** The driver with servers that `serve` starts, one for each endpoint. */
export function driverSubject(
  name: string,
  serve: (content: DiskContent) => Promise<DiskServer>,
): BlockIoDriverSubject {
  return {
    name,
    capabilities,
    async open() {
      const servers: DiskServer[] = [];
      return {
        // a server that answers is waited for, however busy this machine is
        driver: createNbdDriver({ abortTimeoutMs: 60_000 }),
        endpoint: async (content) => {
          const server = await serve(content);
          servers.push(server);
          return server.endpoint;
        },
        missing: { kind: 'nbd', address: { kind: 'unix', path: '/nowhere/nbd.sock' }, export: '' },
        stored: (endpoint) => createNbdDriver().openReader(endpoint),
        [Symbol.asyncDispose]: async () => {
          for (const server of servers) await server[Symbol.asyncDispose]();
        },
      };
    },
  };
}
