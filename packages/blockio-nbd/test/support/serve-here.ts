import { startNbdServer } from '@sendense/blockio-nbd/server';
import type { DiskContent } from '@sendense/testkit';
import { arrayDisk } from '../server/array-disk.ts';
import type { DiskServer } from './driver-subject.ts';

/** A disk served by this package's own server, in this process. */
export async function serveHere(content: DiskContent): Promise<DiskServer> {
  const server = await startNbdServer();
  server.addExport('disk', arrayDisk(content.bytes()));
  return {
    endpoint: { kind: 'nbd', address: server.address, export: 'disk' },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
