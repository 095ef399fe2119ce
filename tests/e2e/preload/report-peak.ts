/**
 * Loaded into a Node program by `--import`: as it ends, it writes the most memory it ever had (VmHWM) to a file named
 * after its process id in `SENDENSE_PEAK_FOLDER`. Node programs that it starts do the same.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

process.on('exit', () => {
  const folder = process.env.SENDENSE_PEAK_FOLDER ?? '';
  writeFileSync(path.join(folder, String(process.pid)), readFileSync('/proc/self/status'));
});
