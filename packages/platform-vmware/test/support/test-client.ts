import { readFile } from 'node:fs/promises';
import { Secret } from '@sendense/core';
import type { TestVcenter } from '@sendense/tests/vmware';
import type { VimClient, VimInvoke, VimOptions } from '../../src/index.ts';

/** How the test vCenter is reached, its certificate trusted. */
export async function optionsOf(server: TestVcenter): Promise<VimOptions> {
  return {
    address: server.url,
    user: server.user,
    password: new Secret(server.password),
    caPem: await readFile(server.caFile, 'utf8'),
  };
}

/** A client that writes down the methods that are called in `methods`, and lets `before` act first. */
export function watched(
  client: VimClient,
  methods: string[],
  before: (method: string) => Promise<void> = async () => undefined,
): VimClient {
  const inOneSession: VimClient['inOneSession'] = (run, call) =>
    client.inOneSession(async (invoke) => {
      const noting: VimInvoke = async (method, ...rest) => {
        await before(method);
        methods.push(method);
        return invoke(method, ...rest);
      };
      return run(noting);
    }, call);
  return {
    host: client.host,
    content: client.content,
    inOneSession,
    redact: client.redact,
    inAutomation: (run, call) => client.inAutomation(run, call),
    fetchRange: (range, call) => client.fetchRange(range, call),
    transfer: (message, call) => client.transfer(message, call),
    fetchFromHost: (range, call) => client.fetchFromHost(range, call),
    openStream: (stream, call) => client.openStream(stream, call),
    invoke: (method, target, fields, call) =>
      inOneSession((invoke) => invoke(method, target, fields, call), call),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}
