import { rm } from 'node:fs/promises';
import path from 'node:path';
import { dataBytes } from '../data/data-set.ts';
import { shellWords, syncFile } from '../measure/run-shell.ts';
import type { Side } from '../measure/side.ts';
import type { Result } from '../report/result.ts';
import type { Workbench } from '../workbench.ts';
import { measurePairs, placements } from './measure-pairs.ts';
import { ourBackup } from './our-backup.ts';
import type { Row } from './row.ts';
import { requireBackupOf } from './same-bytes.ts';

const MODES = {
  'qemu-img -t writeback': ['-W', '-t', 'writeback'],
  // past the page cache, as we may write; not every memory file system can
  'qemu-img -t none -m 8': ['-W', '-t', 'none', '-m', '8'],
} as const;

function conversion(folder: string, source: string, mode: readonly string[]): Side {
  const out = path.join(folder, 'theirs.qcow2');
  const convert = ['qemu-img', 'convert', ...mode, '-f', 'raw', '-O', 'qcow2', source, out];
  return {
    cwd: folder,
    command: `${shellWords(convert)} && ${syncFile(out)}`,
    before: () => rm(out, { force: true }),
  };
}

/** A raw file into a new chain, with digests, against a conversion by qemu-img. */
export const backupImage: Row = {
  name: 'backup-image',
  peers: ['qemu-img'],
  async *measure(bench: Workbench): AsyncGenerator<Result> {
    const { sizeBytes } = bench.settings;
    for (const { destination, data } of placements(bench)) {
      const source = await bench.dataSet(data);
      await using folder = await bench.folder(destination);
      const limit = await bench.limit(source, dataBytes(data, sizeBytes), destination);
      const ours = ourBackup(bench, folder.path, [`image:${source}`]);
      for (const [peer, mode] of Object.entries(MODES)) {
        if (destination === 'memory' && peer.includes('-t none')) continue;
        const theirs = conversion(folder.path, source, mode);
        const variant = { destination, data, peer };
        const check = () => requireBackupOf(source, bench, ours.repository);
        yield await measurePairs(bench, { name: this.name, variant, ours, theirs, sizeBytes, limit, check });
      }
    }
  },
};
