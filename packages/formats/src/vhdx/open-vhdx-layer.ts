import type { ChainContext, OpenedLayer } from '../chain/open-chain.ts';
import { nameImage } from '../qcow2/in-image.ts';
import { readHead, type VhdxHead } from './read-head.ts';
import { VhdxLayer } from './vhdx-layer.ts';

/** Opens one VHDX as a layer, without its parent. */
export async function openVhdxLayer(
  path: string,
  context: ChainContext,
): Promise<OpenedLayer & { readonly head: VhdxHead }> {
  const handle = await context.fileSystem.open(path, 'read');
  try {
    const head = await readHead(handle);
    const fileBytes = await (head.replayed ?? handle).size();
    const { parent } = head.disk;
    return {
      head,
      layer: new VhdxLayer({ path, handle, fileBytes, head, cache: context.cache }),
      identity: head.header.dataWriteGuid,
      warnings: head.warnings.map(({ message }) => message),
      ...(parent && { parent: { names: parent.names, format: 'vhdx', identity: parent.linkage } }),
    };
  } catch (error) {
    await handle[Symbol.asyncDispose]();
    throw nameImage(error, path);
  }
}
