import { startNbdServer } from '@sendense/blockio-nbd/server';
import type { BlockEndpoint } from '@sendense/core';
import { createBlockDrivers } from '@sendense/quickstart';
import { DiskContent, openMemoryReader, openMemoryWriter, seededBytes } from '@sendense/testkit';
import { expect, it } from 'vitest';

it.each(['off', 'auto'] as const)('with native code %s an NBD export is read and written', async (mode) => {
  const content = new DiskContent(1024 * 1024);
  content.write(4096, seededBytes(1, 8192));
  await using server = await startNbdServer();
  const disk = { reader: openMemoryReader(content), writer: openMemoryWriter(content) };
  server.addExport('disk', disk);
  const endpoint: BlockEndpoint = { kind: 'nbd', address: server.address, export: 'disk' };
  const driver = createBlockDrivers(mode).find(
    (one) => one.supports(endpoint, 'read') && one.supports(endpoint, 'write'),
  );
  await using reader = await driver?.openReader(endpoint);
  const read = new Uint8Array(8192);
  await reader?.read(4096, read);
  expect(read).toEqual(seededBytes(1, 8192));
  await using writer = await driver?.openWriter(endpoint);
  await writer?.write(0, read);
  await writer?.flush();
  expect(content.bytes({ offset: 0, length: 8192 })).toEqual(read);
});
