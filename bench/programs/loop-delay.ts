/**
 * How long a backup and a restore keep the event loop of the application waiting. Arguments: source, repository, folder
 * of the catalog, target, `require` or `off` for native code. Prints the 99th percentile in milliseconds at rest and
 * during the transfers.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSendense } from '@sendense/quickstart';

const REST_MS = 2000;
const [source = '', repository = '', stateDirectory = '', target = '', mode] = process.argv.slice(2);

/** The 99th percentile of the delay of the event loop while `work` runs. */
async function delayDuring(work: () => Promise<unknown>): Promise<number> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await work();
  histogram.disable();
  return histogram.percentile(99) / 1e6;
}

await using sendense = await openSendense({ stateDirectory, native: mode === 'off' ? 'off' : 'require' });
const restMs = await delayDuring(() => sleep(REST_MS));
const transferMs = await delayDuring(async () => {
  const { pointId } = await sendense.backup({ source, repository });
  await sendense.restore({ repository, point: pointId, target, format: 'raw' });
});
console.log(JSON.stringify({ restMs, transferMs }));
