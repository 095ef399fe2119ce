import { startNbdService } from '../src/index.ts';
import { openConfined } from './support/world.ts';

/** A service of its own process, for tests that kill it: `service-process.ts FOLDER`. It tells its first exports and serves. */
const [folder = ''] = process.argv.slice(2);
const service = await startNbdService(
  { directory: `${folder}/service`, roots: [folder] },
  { openRepository: openConfined },
);
process.stdout.write(`${JSON.stringify(service.exports)}\n`);
await service.ended;
