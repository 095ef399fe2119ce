import type { FileHandle } from '@sendense/plugin-kit/files';
import type { ChainContext, OpenedLayer } from '../chain/open-chain.ts';
import { resolveCompanion } from '../resolve-companion.ts';
import { nameImage } from './in-image.ts';
import { Qcow2Layer } from './qcow2-layer.ts';
import { type Qcow2Head, readHead } from './read-header.ts';

/** Opens one QCOW2 file as a layer, with its data file and without its parents. */
export async function openQcow2Layer(
  path: string,
  context: ChainContext,
): Promise<OpenedLayer & { readonly head: Qcow2Head; readonly handle: FileHandle }> {
  const handle = await context.fileSystem.open(path, 'read');
  try {
    const head = await readHead(handle);
    const dataFile = await openDataFile(path, head, context);
    const layer = new Qcow2Layer({ path, handle, header: head.header, cache: context.cache, ...dataFile });
    if (head.backing === undefined) return { head, handle, layer };
    const { name, format } = head.backing;
    return { head, handle, layer, parent: { names: [name], format } };
  } catch (error) {
    await handle[Symbol.asyncDispose]();
    throw nameImage(error, path);
  }
}

async function openDataFile(image: string, head: Qcow2Head, { fileSystem, parents }: ChainContext) {
  if (head.dataFileName === undefined) return {};
  const path = await resolveCompanion(
    { what: 'data file', name: head.dataFileName, image },
    parents,
    fileSystem,
  );
  return { dataFile: { path, handle: await fileSystem.open(path, 'read') } };
}
