import type { Host } from '../host.ts';
import { createProgressBars } from './progress-bars.ts';
import type { ProgressView } from './progress-events.ts';
import { createProgressLines } from './progress-lines.ts';

/** Bars on a terminal, lines elsewhere; both on standard error. */
export function createProgressView(host: Host): ProgressView {
  if (host.stderr.isTTY === true) return createProgressBars(host.stderr);
  return createProgressLines(
    (line) => void host.stderr.write(`${line}\n`),
    () => host.now().getTime(),
  );
}
