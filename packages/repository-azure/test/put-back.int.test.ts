import type { ContainerClient } from '@azure/storage-blob';
import { expectPutBackRefused } from '@sendense/tests/objects';
import { describeWithPeers } from '@sendense/tests/peers';
import { expect, it } from 'vitest';
import { startBlobService } from './fixtures.ts';

async function namesIn(container: ContainerClient): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of container.listBlobsFlat()) names.push(name);
  return names;
}

/** Copies a container; what it gives puts it back as it was. */
async function copyContainer(container: ContainerClient): Promise<() => Promise<void>> {
  const names = await namesIn(container);
  const blobs = await Promise.all(
    names.map(async (name) => {
      const blob = container.getBlockBlobClient(name);
      const { metadata = {} } = await blob.getProperties();
      return { blob, bytes: await blob.downloadToBuffer(), metadata };
    }),
  );
  expect(blobs.length).toBeGreaterThan(4);
  return async () => {
    for (const name of await namesIn(container)) await container.deleteBlob(name);
    for (const { blob, bytes, metadata } of blobs) await blob.uploadData(bytes, { metadata });
  };
}

describeWithPeers(['azurite'], 'a container that was put back to an earlier state', () => {
  it('is refused by a client with a trusted head, and by no other', async () => {
    await using service = await startBlobService();
    const open = () => service.open({ prefix: 'repository' });
    await expectPutBackRefused({ open, copy: () => copyContainer(service.container) });
  });
});
