import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileDriver } from '@sendense/blockio-file';
import { startNbdServer } from '@sendense/blockio-nbd/server';
import type { DiskContent } from '@sendense/testkit';
import type { DiskServer } from '@sendense/tests/nbd';

/** A disk served by the TypeScript server, in this process, from a file that goes with it. */
export async function serveHere(
  bytes: Uint8Array,
  options: { readonly multiConnection?: boolean } = {},
): Promise<DiskServer & { readonly path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'sendense-native-nbd-'));
  const path = join(folder, 'disk');
  await writeFile(path, bytes);
  const driver = createFileDriver();
  const reader = await driver.openReader({ kind: 'file', path });
  const writer = await driver.openWriter({ kind: 'file', path });
  const server = await startNbdServer({ address: { kind: 'unix', path: join(folder, 'socket') } });
  server.addExport('disk', { reader, writer, ...options });
  return {
    path,
    endpoint: { kind: 'nbd', address: server.address, export: 'disk' },
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await reader[Symbol.asyncDispose]();
      await writer[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

/** The same, of the content of a conformance case. */
export function serveContent(content: DiskContent): Promise<DiskServer> {
  return serveHere(content.bytes());
}
