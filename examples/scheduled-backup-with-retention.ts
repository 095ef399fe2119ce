/** Backs up every EVERY_MS, COUNT times, and keeps the last two points. A service would go on until it is stopped. */
import { setInterval } from 'node:timers/promises';
import { openSendense } from '@sendense/quickstart';

const [disk = 'disk.qcow2', repository = 'backups', everyMs = '86400000', count = 'Infinity'] =
  process.argv.slice(2);

await using sendense = await openSendense({ stateDirectory: 'state' });
let left = Number(count);
for await (const _ of setInterval(Number(everyMs))) {
  try {
    const { kind, pointId } = await sendense.backup({ source: `image:${disk}`, repository });
    const { kept, removed } = await sendense.prune({ repository, policy: { last: 2 } });
    console.log(`${kind} ${pointId}; ${kept.length} kept, ${removed.length} removed`);
  } catch (error) {
    // One failed night must not end the schedule: the next run starts from the last committed point.
    console.error(String(error));
  }
  left -= 1;
  if (left <= 0) break;
}
