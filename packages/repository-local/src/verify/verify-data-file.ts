import { join } from 'node:path';
import { type Call, type Finding, type PointId, SendenseError } from '@sendense/core';
import { checkQcow2, openQcow2, type Qcow2Image } from '@sendense/formats/qcow2';
import { openDigestReader } from '../digests/written-ranges.ts';
import { below, type DiskFileSidecar, isAlias, type Sidecar } from '../records/sidecar.ts';
import { readImageHead } from '../store/image-head.ts';
import type { LocalStore } from '../store/local-store.ts';
import { readSidecar } from '../store/sidecars.ts';
import { findDamagedClusters } from './verify-data.ts';
import { findMappingDifference } from './verify-mapping.ts';

/** A data file to verify. */
export type FileToVerify = {
  /** Path of the disk's folder. */
  readonly folder: string;
  readonly sidecar: Sidecar;
  /** A point that needs the file. */
  readonly point: PointId;
  readonly depth: 'structure' | 'data';
};

/** How many damaged places of one file are told one by one. */
const MAX_PLACES = 32;

/** Verifies one data file and its digests. Yields what is wrong; damage of any kind never throws. */
export async function* verifyDataFile(
  store: LocalStore,
  file: FileToVerify,
  call: Call & { readonly onRead: (bytes: number) => void },
): AsyncGenerator<Finding> {
  const object = join(file.folder, file.sidecar.file);
  try {
    yield* verifyImage(store, file, call);
  } catch (error) {
    if (!SendenseError.is(error) || error.code === 'ABORTED') throw error;
    yield { severity: 'error', code: 'file-damaged', message: error.message, point: file.point, object };
  }
}

async function* verifyImage(
  store: LocalStore,
  file: FileToVerify,
  call: Call & { readonly onRead: (bytes: number) => void },
): AsyncGenerator<Finding> {
  const { folder, sidecar, point } = file;
  const object = join(folder, sidecar.file);
  const error = (code: string, message: string): Finding => ({
    severity: 'error',
    code,
    message,
    point,
    object,
  });
  const headProblem = await checkHead(store, object, sidecar);
  if (headProblem !== undefined) yield error('file-damaged', `${object} ${headProblem}`);
  const structure = await checkQcow2(object, { fileSystem: store.fileSystem });
  for (const finding of structure.findings) yield { ...finding, severity: raised(finding), point };
  await using image = await openQcow2(object, {
    fileSystem: store.fileSystem,
    parents: { folders: [await store.fileSystem.realPath(folder)] },
  });
  const linkProblem = await checkLink(store, folder, image, sidecar);
  if (linkProblem !== undefined) yield error('link-wrong', `${object} ${linkProblem}`);
  if (isAlias(sidecar)) {
    if (await hasOwnData(image)) yield error('file-damaged', `${object} holds data, but is an alias`);
    return;
  }
  const parentBytes = await parentSize(store, folder, sidecar);
  const difference = await withDigests(store, folder, sidecar, (entries) =>
    findMappingDifference(image, sidecar.sizeBytes, parentBytes, entries),
  );
  if (difference !== undefined) {
    yield error(
      'mapping-differs',
      `${object} does not hold what its digest file says from byte ${difference}`,
    );
  }
  if (file.depth === 'data') yield* verifyData(store, file, sidecar, image, call);
}

async function* verifyData(
  store: LocalStore,
  { folder, point }: FileToVerify,
  sidecar: DiskFileSidecar,
  image: Qcow2Image,
  call: Call & { readonly onRead: (bytes: number) => void },
): AsyncGenerator<Finding> {
  const object = join(folder, sidecar.file);
  await using digests = await openDigestReader(store, folder, sidecar);
  let places = 0;
  for await (const offset of findDamagedClusters(
    image,
    sidecar.sizeBytes,
    digests.entries(),
    store.blake3,
    call,
  )) {
    places += 1;
    if (places > MAX_PLACES) break;
    const more = places === MAX_PLACES ? ', and there may be more' : '';
    const message = `${object} does not match its digest at byte ${offset} of the disk${more}`;
    yield { severity: 'error', code: 'data-damaged', message, point, object };
  }
}

async function checkHead(store: LocalStore, path: string, sidecar: Sidecar): Promise<string | undefined> {
  const { imageBytes, headerBlake3 } = await readImageHead(store, path);
  if (imageBytes !== sidecar.imageBytes) return `has ${imageBytes} bytes, not ${sidecar.imageBytes}`;
  return headerBlake3 === sidecar.headerBlake3 ? undefined : 'has a header that does not match its digest';
}

async function checkLink(
  store: LocalStore,
  folder: string,
  image: Qcow2Image,
  sidecar: Sidecar,
): Promise<string | undefined> {
  const parent = below(sidecar);
  if (image.info.backing !== parent) return `builds on ${image.info.backing}, not on ${parent}`;
  const size = isAlias(sidecar) ? await parentSize(store, folder, sidecar) : sidecar.sizeBytes;
  if (image.sizeBytes === Math.ceil(size / 512) * 512) return undefined;
  return `has a disk of ${image.sizeBytes} bytes, not ${size}`;
}

/** The size of the disk below, 0 when there is none. */
async function parentSize(store: LocalStore, folder: string, sidecar: Sidecar): Promise<number> {
  for (let name = below(sidecar); name !== null; ) {
    const parent = await readSidecar(store, folder, name);
    if (!isAlias(parent)) return parent.sizeBytes;
    name = parent.target;
  }
  return 0;
}

async function hasOwnData(image: Qcow2Image): Promise<boolean> {
  for await (const { kind } of image.ownExtents({ offset: 0, length: image.sizeBytes })) {
    if (kind === 'data') return true;
  }
  return false;
}

async function withDigests<T>(
  store: LocalStore,
  folder: string,
  sidecar: DiskFileSidecar,
  run: (entries: ReturnType<Awaited<ReturnType<typeof openDigestReader>>['entries']>) => Promise<T>,
): Promise<T> {
  await using digests = await openDigestReader(store, folder, sidecar);
  return await run(digests.entries());
}

/** Our files are written without leaks: one is damage. */
function raised({ code, severity }: Finding): Finding['severity'] {
  return code === 'cluster-leaked' ? 'error' : severity;
}
