import type { FilesOptions } from '../src/index.ts';
import { browseByWays } from './support/browse-by-ways.ts';

/** Opens a session in a process of its own, which a test can kill, and tells its ways: `keep-open-process.ts OPTIONS DISK…`. */
const [options = '', ...disks] = process.argv.slice(2);
const session = await browseByWays(JSON.parse(options) as FilesOptions, ...disks);
process.stdout.write(`${JSON.stringify(session.ways)}\n`);
