import { readdir, readFile } from 'node:fs/promises';

/** Process ids of every process below `pid`, as Linux tells them; of a process that is gone none. */
export async function descendants(pid: number): Promise<number[]> {
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

/** The most memory in bytes that a process ever had (VmHWM), from the text of its `/proc/PID/status`. */
export function peakOf(status: string): number | undefined {
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kib === undefined ? undefined : Number(kib) * 1024;
}

/**
 * Looks at every process below `pid` each `everyMs` until `ended` settles; resolves with the peak of each, in bytes. A
 * process that lives shorter than that may be missed.
 */
export async function watchPeaks(
  pid: number,
  ended: Promise<unknown>,
  everyMs: number,
): Promise<Map<number, number>> {
  const peaks = new Map<number, number>();
  const end = ended.then(() => true);
  const later = () => new Promise<false>((resolve) => setTimeout(resolve, everyMs, false));
  do {
    for (const below of await descendants(pid)) {
      const peak = peakOf(await readFile(`/proc/${below}/status`, 'utf8').catch(() => ''));
      if (peak !== undefined) peaks.set(below, peak);
    }
  } while (!(await Promise.race([end, later()])));
  return peaks;
}
