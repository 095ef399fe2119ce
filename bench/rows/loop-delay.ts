import { rm } from 'node:fs/promises';
import path from 'node:path';
import { runSide } from '../measure/side.ts';
import { resultOf } from '../report/compare.ts';
import type { Result } from '../report/result.ts';
import type { Workbench } from '../workbench.ts';
import { placements } from './measure-pairs.ts';
import { freshRepository, ourProgram } from './our-backup.ts';
import type { Row } from './row.ts';

type Delays = { readonly restMs: number; readonly transferMs: number };

/** What the event loop waits longer during a native backup and restore than at rest, in an application that does them. */
export const loopDelay: Row = {
  name: 'loop-delay',
  peers: [],
  async *measure(bench: Workbench): AsyncGenerator<Result> {
    const { pairs, sizeBytes } = bench.settings;
    for (const { destination, data } of placements(bench)) {
      const source = await bench.dataSet(data);
      await using folder = await bench.folder(destination);
      const repository = freshRepository(bench, folder.path);
      const target = path.join(folder.path, 'restored.raw');
      const state = path.join(repository.home, 'state');
      const command = ourProgram('loop-delay', `image:${source}`, repository.path, state, `image:${target}`);
      const before = async () => {
        await rm(target, { force: true });
        await repository.renew();
      };
      bench.say(`${this.name} ${destination} ${data}: ${pairs} runs`);
      const begun = performance.now();
      const ours: number[] = [];
      for (let run = 0; run < pairs; run++) {
        const { stdout } = await runSide({ command, before, cwd: folder.path });
        const { restMs, transferMs } = JSON.parse(stdout) as Delays;
        ours.push(Math.max(0, transferMs - restMs));
      }
      yield {
        ...resultOf(this.name, { destination, data }, { unit: 'ms', ours }),
        sizeBytes,
        ourCommand: bench.readable(command),
        tookSeconds: (performance.now() - begun) / 1000,
        note: 'a backup and a verified restore; 99th percentile less its value at rest',
      };
    }
  },
};
