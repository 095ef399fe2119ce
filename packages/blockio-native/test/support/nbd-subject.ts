import { createNativeDriver, findNativeDriver } from '@sendense/blockio-native';
import { createNbdDriver } from '@sendense/blockio-nbd';
import type { BlockIoDriverSubject, DiskContent } from '@sendense/testkit';
import type { DiskServer } from '@sendense/tests/nbd';

/** How a subject is called, and whether its servers say that several connections see one another's writes. */
export type NbdSubjectOptions = { readonly name: string; readonly shared: boolean };

/** The native driver with servers that `serve` starts, one for each endpoint; what they store is read in TypeScript. */
export function nbdSubject(
  { name, shared }: NbdSubjectOptions,
  serve: (content: DiskContent) => Promise<DiskServer>,
): BlockIoDriverSubject {
  const { driver } = findNativeDriver('auto');
  const writer = { order: 'random', rewritable: true, untouched: 'unknown', durable: false } as const;
  return {
    name,
    capabilities: {
      transfer: true,
      packsZeros: driver?.packsZeros === true,
      chunker: driver?.chunker !== undefined,
      reader: { order: 'random', digests: false, locate: shared },
      writer: { ...writer, endpoint: shared, copyFrom: false },
    },
    async open() {
      const servers: DiskServer[] = [];
      return {
        // a server that answers is waited for, however busy this machine is
        driver: createNativeDriver({ abortTimeoutMs: 60_000 }),
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
