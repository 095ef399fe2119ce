import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { peakOf, watchPeaks } from '@sendense/tests/process-memory';
import { startCtl } from '../../packages/cli/test/run-ctl.ts';
import { builtCtl } from './built-ctl.ts';
import { preload } from './preload/index.ts';

/** How often the processes that the command line starts are looked at. */
const LOOK_EVERY_MS = 20;

/** What a run printed and how much memory it and its children had at most. */
export type MeasuredRun = { readonly json: Record<string, unknown>; readonly peakBytes: number };

/**
 * Runs the built `sendense-ctl … --json` and measures its peak memory: the sum of the peaks (VmHWM) of its process and of every
 * process below it. Node processes report theirs as they end; those of others are watched while they run.
 */
export async function measureCtl(home: string, args: readonly string[]): Promise<MeasuredRun> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sendense-peak-'));
  try {
    const env = {
      ...preload('report-peak'),
      // What Node makes of that preloaded source is kept between runs: to strip its types takes memory.
      NODE_COMPILE_CACHE: path.join(home, 'compiled'),
      SENDENSE_PEAK_FOLDER: folder,
    };
    const { child, end } = startCtl(home, [...args, '--json'], env, [await builtCtl()]);
    const peaks = await watchPeaks(child.pid ?? 0, end, LOOK_EVERY_MS);
    const { code, stdout, stderr } = await end;
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stdout}${stderr}`);
    for (const pid of await readdir(folder)) {
      peaks.set(Number(pid), peakOf(await readFile(path.join(folder, pid), 'utf8')) ?? Number.NaN);
    }
    const own = peaks.get(child.pid ?? 0);
    if (own === undefined) throw new Error('the command line did not report its peak');
    const peakBytes = [...peaks.values()].reduce((sum, peak) => sum + peak, 0);
    return { json: JSON.parse(stdout) as Record<string, unknown>, peakBytes };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
