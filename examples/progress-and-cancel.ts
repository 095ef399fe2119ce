/** Shows the progress of a backup and cancels it half-way: what was written is removed, nothing half-done is left. */
import { SendenseError } from '@sendense/core';
import { openSendense } from '@sendense/quickstart';

const [disk = 'disk.qcow2', repository = 'backups'] = process.argv.slice(2);

await using sendense = await openSendense({ stateDirectory: 'state' });
sendense.engine.events.on('job-progress', ({ jobId, percent, bytesPerSecond, etaSeconds }) => {
  console.log(`${percent.toFixed(0)} %, ${bytesPerSecond.toFixed(0)} bytes/s, ${etaSeconds ?? '?'} s left`);
  if (percent >= 50) sendense.engine.cancel(jobId);
});
try {
  await sendense.backup({ source: `image:${disk}`, repository, rateBytesPerSecond: 4 * 1024 * 1024 });
} catch (error) {
  if (!SendenseError.is(error, 'ABORTED')) throw error;
  console.log(`cancelled; ${(await sendense.points({ repository })).length} points`);
}
