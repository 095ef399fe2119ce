import { readdir, readFile } from 'node:fs/promises';
import type { Share } from './profile.ts';

/** Ticks of a processor in a second, as `/proc` counts them (USER_HZ of every Linux that Node runs on). */
const TICKS = 100;
const LOOK_EVERY_MS = 10;

/** Looks at the threads of a process until it ends; gives the processor time of each kind, the most first. */
export async function watchThreads(pid: number, ended: Promise<unknown>): Promise<Share[]> {
  const seen = new Map<string, { readonly part: string; readonly seconds: number }>();
  const end = ended.then(() => true);
  const later = () => new Promise<false>((resolve) => setTimeout(resolve, LOOK_EVERY_MS, false));
  do {
    for (const thread of await readdir(`/proc/${pid}/task`).catch(() => [])) {
      const stat = await readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8').catch(() => '');
      const share = threadTime(stat);
      if (share !== undefined) seen.set(thread, thread === String(pid) ? { ...share, part: 'main' } : share);
    }
  } while (!(await Promise.race([end, later()])));
  return sumByPart([...seen.values()]);
}

/** Name and processor time of a thread from its `stat` (proc(5): field 2, and 14 and 15 in ticks). */
export function threadTime(stat: string): Share | undefined {
  const [, name, rest = ''] = /^\d+ \((.*)\) (.*)$/s.exec(stat) ?? [];
  if (name === undefined) return undefined;
  const fields = rest.split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  // threads of a pool are numbered
  return { part: name.replace(/[-_ ]?\d+$/, ''), seconds: ticks / TICKS };
}

/** Adds up the shares of the same part, the most first; what took nothing is left out. */
export function sumByPart(shares: readonly Share[]): Share[] {
  const sums = new Map<string, number>();
  for (const { part, seconds } of shares) sums.set(part, (sums.get(part) ?? 0) + seconds);
  return [...sums]
    .map(([part, seconds]) => ({ part, seconds }))
    .filter(({ seconds }) => seconds > 0)
    .sort((a, b) => b.seconds - a.seconds);
}
