import type { FileHandle } from '@sendense/plugin-kit/files';
import type { Layer } from '../chain/layer.ts';
import type { ChainContext, OpenedLayer } from '../chain/open-chain.ts';
import { nameImage } from '../qcow2/in-image.ts';
import { openRawLayer } from '../raw/open-raw-layer.ts';
import { resolveCompanion } from '../resolve-companion.ts';
import { SECTOR_BYTES } from './constants.ts';
import type { ExtentLine } from './extent-line.ts';
import { corrupt } from './format-error.ts';
import { openSparseExtent, type SparseExtent } from './open-sparse-extent.ts';
import { readVmdkHead, type VmdkHead } from './read-head.ts';
import { type PlacedExtent, VmdkLayer } from './vmdk-layer.ts';

/** A VMDK file that is open as a layer, with all of its extents. */
export type OpenedVmdkLayer = OpenedLayer & {
  readonly head: VmdkHead;
  /** Bytes of a grain of its first sparse extent. */
  readonly grainBytes: number | null;
  readonly unclean: boolean;
  readonly warnings: readonly string[];
};

type OpenedExtent = {
  readonly source?: Layer;
  readonly sourceOffset: number;
  readonly sparse?: SparseExtent;
  readonly warnings: readonly string[];
};

/**
 * Opens one VMDK file as a layer, without its parents. The extents that a descriptor names are companions: they are opened
 * as far as the policy of the context allows.
 */
export async function openVmdkLayer(path: string, context: ChainContext): Promise<OpenedVmdkLayer> {
  const handle = await context.fileSystem.open(path, 'read');
  const opened: OpenedExtent[] = [];
  try {
    const head = await readVmdkHead(handle);
    if (head.header === undefined)
      for (const line of head.descriptor.extents) opened.push(await openExtent(path, line, context));
    else opened.push(ofSparse(await openSparseExtent({ path, handle, cache: context.cache })));
    return layerOf(path, handle, head, opened);
  } catch (error) {
    await Promise.all(opened.map(async ({ source }) => source?.[Symbol.asyncDispose]()));
    await handle[Symbol.asyncDispose]();
    throw nameImage(error, path);
  }
}

function layerOf(
  path: string,
  handle: FileHandle,
  head: VmdkHead,
  opened: readonly OpenedExtent[],
): OpenedVmdkLayer {
  const { descriptor } = head;
  const extents: PlacedExtent[] = [];
  let start = 0;
  for (const [index, { sectors }] of descriptor.extents.entries()) {
    const { source, sourceOffset = 0 } = opened[index] ?? {};
    const end = start + sectors * SECTOR_BYTES;
    extents.push({ start, end, sourceOffset, ...(source && { source }) });
    start = end;
  }
  const sparse = opened.flatMap((extent) => extent.sparse ?? []);
  return {
    head,
    layer: new VmdkLayer({ path, handle, unitBytes: 1 }, extents),
    grainBytes: sparse[0]?.grainBytes ?? null,
    unclean: sparse.some(({ unclean }) => unclean),
    warnings: opened.flatMap(({ warnings }) => warnings),
    identity: descriptor.contentId,
    ...(descriptor.parent && {
      parent: {
        names: descriptor.parent.names,
        format: 'vmdk',
        identity: descriptor.parent.contentId,
      },
    }),
  };
}

async function openExtent(image: string, line: ExtentLine, context: ChainContext): Promise<OpenedExtent> {
  if (line.type === 'ZERO') return { sourceOffset: 0, warnings: [] };
  const companion = { what: 'extent file', name: line.file, image };
  const path = await resolveCompanion(companion, context.parents, context.fileSystem);
  return line.type === 'FLAT' || line.type === 'VMFS'
    ? await openFlat(path, line, context)
    : await openSparse(path, line, context);
}

async function openFlat(
  path: string,
  line: Extract<ExtentLine, { offset: number }>,
  context: ChainContext,
): Promise<OpenedExtent> {
  const { layer: source } = await openRawLayer(path, context);
  const sourceOffset = line.offset * SECTOR_BYTES;
  if (sourceOffset + line.sectors * SECTOR_BYTES <= source.sizeBytes)
    return { source, sourceOffset, warnings: [] };
  await source[Symbol.asyncDispose]();
  throw tooShort(path, line.sectors);
}

async function openSparse(path: string, line: ExtentLine, context: ChainContext): Promise<OpenedExtent> {
  const { fileSystem, cache } = context;
  const handle = await fileSystem.open(path, 'read');
  try {
    const sparse = await openSparseExtent({ path, handle, cache });
    const sectors = sparse.layer.sizeBytes / SECTOR_BYTES;
    if (sectors < line.sectors) throw tooShort(path, line.sectors);
    const larger = `the extent ${path} has ${sectors} sectors, of which the descriptor uses ${line.sectors}`;
    const { warnings, ...opened } = ofSparse(sparse);
    return { ...opened, warnings: [...warnings, ...(sectors > line.sectors ? [larger] : [])] };
  } catch (error) {
    await handle[Symbol.asyncDispose]();
    throw nameImage(error, path);
  }
}

function ofSparse(sparse: SparseExtent): OpenedExtent {
  return { source: sparse.layer, sourceOffset: 0, sparse, warnings: sparse.warnings };
}

function tooShort(path: string, sectors: number): unknown {
  return nameImage(corrupt(`an extent is shorter than the ${sectors} sectors of its descriptor`), path);
}
