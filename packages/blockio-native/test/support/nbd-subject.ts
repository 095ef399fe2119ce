import { createNativeDriver } from '@sendense/blockio-native';
import { createNbdDriver } from '@sendense/blockio-nbd';
import type { NbdEndpoint } from '@sendense/core';
import type { BlockIoDriverSubject, DiskContent } from '@sendense/testkit';

/** A server with one disk; disposing stops it. */
export type DiskServer = AsyncDisposable & { readonly endpoint: NbdEndpoint };

/** How a subject is called, and whether its servers say that several connections see one another's writes. */
export type NbdSubjectOptions = { readonly name: string; readonly shared: boolean };

/** The native driver with servers that `serve` starts, one for each endpoint; what they store is read in TypeScript. */
export function nbdSubject(
  { name, shared }: NbdSubjectOptions,
  serve: (content: DiskContent) => Promise<DiskServer>,
): BlockIoDriverSubject {
  const writer = { order: 'random', rewritable: true, untouched: 'unknown', durable: false } as const;
  return {
    name,
    capabilities: {
      transfer: true,
      packsZeros: false,
      chunker: true,
      reader: { order: 'random', digests: false, locate: shared },
      writer: { ...writer, endpoint: shared, copyFrom: false },
    },
    async open() {
      const servers: DiskServer[] = [];
      return {
        driver: createNativeDriver(),
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
