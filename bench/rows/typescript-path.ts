import { dataBytes } from '../data/data-set.ts';
import type { Result } from '../report/result.ts';
import type { Workbench } from '../workbench.ts';
import { measurePairs, placements } from './measure-pairs.ts';
import { ourBackup } from './our-backup.ts';
import type { Row } from './row.ts';
import { requireBackupOf } from './same-bytes.ts';

/** The backup of a raw file without native code, against the same with it. */
export const typescriptPath: Row = {
  name: 'typescript-path',
  peers: ['qemu-img'],
  async *measure(bench: Workbench): AsyncGenerator<Result> {
    const { sizeBytes } = bench.settings;
    for (const { destination, data } of placements(bench)) {
      const source = await bench.dataSet(data);
      await using folder = await bench.folder(destination);
      await using other = await bench.folder(destination);
      const sides = { off: folder.path, require: other.path } as const;
      const side = (native: keyof typeof sides) => ({
        ...ourBackup(bench, sides[native], [`image:${source}`]),
        env: { SENDENSE_NATIVE: native },
      });
      const [ours, theirs] = [side('off'), side('require')];
      yield await measurePairs(bench, {
        name: this.name,
        variant: { destination, data },
        ours,
        theirs,
        sizeBytes,
        limit: await bench.limit(source, dataBytes(data, sizeBytes), destination),
        note: 'ours: SENDENSE_NATIVE=off; theirs: SENDENSE_NATIVE=require',
        check: async () => {
          for (const { repository } of [ours, theirs]) await requireBackupOf(source, bench, repository);
        },
      });
    }
  },
};
