import { basename, dirname, join } from 'node:path';
import { createQcow2 } from '@sendense/formats/qcow2';
import { CLUSTER_BYTES } from '../digests/digest-page.ts';
import { sidecarName } from '../layout/data-file-name.ts';
import type { MachinePaths } from '../layout/machine-paths.ts';
import { type AliasSidecar, aliasSidecar, type DiskFileSidecar } from '../records/sidecar.ts';
import { type ImageHead, readImageHead } from '../store/image-head.ts';
import type { LocalStore } from '../store/local-store.ts';

/**
 * Puts an alias in the place of a data file that `target` replaced, so that files built on its name stay valid; under the
 * machine's lock. `file` is relative to the machine's folder. Durable when it resolves, and harmless when repeated.
 */
export async function writeAlias(
  store: LocalStore,
  paths: MachinePaths,
  file: string,
  target: DiskFileSidecar,
): Promise<void> {
  const { session } = store;
  const folder = join(paths.folder, dirname(file));
  const name = basename(file);
  const image = session.path('image.partial');
  const described = await createAlias(store, image, target);
  const sidecar: AliasSidecar = {
    format: 'sendense-disk-alias',
    file: name,
    target: target.file,
    ...described,
  };
  await session.publish(image, join(folder, name));
  await store.syncFolder(folder);
  await store.write(aliasSidecar, join(folder, sidecarName(name)), sidecar);
  await store.syncFolder(folder);
}

async function createAlias(store: LocalStore, path: string, target: DiskFileSidecar): Promise<ImageHead> {
  const { fileSystem } = store;
  const backing = { file: target.file, format: 'qcow2' } as const;
  const { sizeBytes } = target;
  await using writer = await createQcow2(path, {
    fileSystem,
    sizeBytes,
    clusterBytes: CLUSTER_BYTES,
    backing,
  });
  await writer.flush();
  return readImageHead(store, path);
}
