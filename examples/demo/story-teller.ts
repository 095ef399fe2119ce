import { formatBytes, formatRate } from '@sendense/cli';
import type { Engine } from '@sendense/engine';

const BAR_CELLS = 30;

/** Tells the demo line by line, with a bar for each disk that is copied or verified. */
export interface StoryTeller {
  say(line?: string): void;
  /** Follows the engine's events with bars. */
  follow(events: Engine['events']): void;
}

function bar(percent: number): string {
  const full = Math.round((percent / 100) * BAR_CELLS);
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_CELLS - full)}]`;
}

/** Writes to `output`; bars move on a terminal and are printed once, when done, elsewhere. */
export function createStoryTeller(output: NodeJS.WriteStream): StoryTeller {
  return {
    say: (line = '') => void output.write(`${line}\n`),
    follow(events) {
      events.on('disk-progress', ({ work, percent, doneBytes, bytesPerSecond }) => {
        if (!output.isTTY) return;
        const rate = bytesPerSecond > 0 ? `  ${formatRate(bytesPerSecond)}` : '';
        output.write(
          `\r    ${work.padEnd(6)} ${bar(percent)} ${formatBytes(doneBytes).padStart(9)}${rate}   `,
        );
      });
      events.on('disk-end', ({ work, bytesRead, durationMs }) => {
        const rate = formatRate(bytesRead / Math.max(durationMs / 1000, 0.001));
        const line = `    ${work.padEnd(6)} ${bar(100)} ${formatBytes(bytesRead).padStart(9)}  ${rate}`;
        output.write(output.isTTY ? `\r${line.padEnd(76)}\n` : `${line}\n`);
      });
    },
  };
}
