import { rm } from 'node:fs/promises';
import path from 'node:path';
import { nbdUri, startQemuNbd } from '@sendense/tests/nbd';
import { dataBytes } from '../data/data-set.ts';
import { shellWords, syncFile, syncFolder } from '../measure/run-shell.ts';
import type { Side } from '../measure/side.ts';
import type { Result } from '../report/result.ts';
import type { Workbench } from '../workbench.ts';
import { measurePairs, placements } from './measure-pairs.ts';
import { type FreshRepository, freshRepository, ourProgram } from './our-backup.ts';
import type { Row } from './row.ts';
import { requireBackupOf } from './same-bytes.ts';

function ours(repository: FreshRepository, socket: string, sizeBytes: number): Side {
  const state = path.join(repository.home, 'state');
  const backup = ourProgram('back-up-nbd', socket, String(sizeBytes), repository.path, state);
  return {
    cwd: path.dirname(repository.home),
    command: `${backup} && ${syncFolder(repository.path)}`,
    before: () => repository.renew(),
  };
}

function theirs(folder: string, uri: string): Side {
  const out = path.join(folder, 'theirs.raw');
  const copy = ['nbdcopy', '--flush', uri, out];
  return {
    cwd: folder,
    command: `${shellWords(copy)} && ${syncFile(out)}`,
    before: () => rm(out, { force: true }),
  };
}

/** A live export into a new chain, with digests, against nbdcopy to a raw file; both read the same export. */
export const backupNbd: Row = {
  name: 'backup-nbd',
  peers: ['nbdcopy', 'qemu-nbd', 'qemu-img'],
  async *measure(bench: Workbench): AsyncGenerator<Result> {
    const { sizeBytes } = bench.settings;
    for (const { destination, data } of placements(bench)) {
      const source = await bench.dataSet(data);
      await using folder = await bench.folder(destination);
      await using place = await bench.folder('memory');
      const socket = path.join(place.path, 'nbd');
      await using server = await startQemuNbd({
        image: source,
        format: 'raw',
        socket,
        readOnly: true,
        clients: 8,
      });
      const repository = freshRepository(bench, folder.path);
      yield await measurePairs(bench, {
        name: this.name,
        variant: { destination, data },
        ours: ours(repository, socket, sizeBytes),
        theirs: theirs(folder.path, nbdUri(server.address)),
        sizeBytes,
        limit: await bench.limit(source, dataBytes(data, sizeBytes), destination),
        note: 'export: qemu-nbd -t -e 8 -r -f raw',
        check: () => requireBackupOf(source, bench, repository),
      });
    }
  },
};
