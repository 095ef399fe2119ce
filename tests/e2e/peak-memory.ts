import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Running, startCtl } from '../../packages/cli/test/run-ctl.ts';
import { preload } from './preload/index.ts';

/** How often the processes that the command line starts are looked at. */
const LOOK_EVERY_MS = 20;

/** What a run printed and how much memory it and its children had at most. */
export type MeasuredRun = { readonly json: Record<string, unknown>; readonly peakBytes: number };

/**
 * Runs `sendense-ctl … --json` and measures its peak memory: the sum of the peaks (VmHWM) of its process and of every
 * process below it. Node processes report theirs as they end; those of others are watched while they run.
 */
export async function measureCtl(home: string, args: readonly string[]): Promise<MeasuredRun> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sendense-peak-'));
  try {
    const running = startCtl(home, [...args, '--json'], {
      ...preload('report-peak'),
      SENDENSE_PEAK_FOLDER: folder,
    });
    const peaks = await watchChildren(running);
    const { code, stdout, stderr } = await running.end;
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stdout}${stderr}`);
    for (const pid of await readdir(folder)) {
      peaks.set(Number(pid), peakOf(await readFile(path.join(folder, pid), 'utf8')) ?? Number.NaN);
    }
    const own = peaks.get(running.child.pid ?? 0);
    if (own === undefined) throw new Error('the command line did not report its peak');
    const peakBytes = [...peaks.values()].reduce((sum, peak) => sum + peak, 0);
    return { json: JSON.parse(stdout) as Record<string, unknown>, peakBytes };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function watchChildren({ child, end }: Running): Promise<Map<number, number>> {
  const peaks = new Map<number, number>();
  const ended = end.then(() => true);
  const later = () => new Promise<false>((resolve) => setTimeout(resolve, LOOK_EVERY_MS, false));
  do {
    for (const pid of await descendants(child.pid ?? 0)) {
      const peak = peakOf(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''));
      if (peak !== undefined) peaks.set(pid, peak);
    }
  } while (!(await Promise.race([ended, later()])));
  return peaks;
}

async function descendants(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  );
  const children = lists.flatMap((list) =>
    list
      .split(' ')
      .filter((text) => text.trim() !== '')
      .map(Number),
  );
  return [...children, ...(await Promise.all(children.map(descendants))).flat()];
}

function peakOf(status: string): number | undefined {
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kib === undefined ? undefined : Number(kib) * 1024;
}
