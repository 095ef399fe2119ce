/** Backs a running libvirt domain up every EVERY_MS, COUNT times, with its file systems frozen where its guest can. */
import { setInterval } from 'node:timers/promises';
import { openSendense } from '@sendense/quickstart';

const [source = 'libvirt:web', repository = 'backups', everyMs = '3600000', count = 'Infinity'] =
  process.argv.slice(2);

await using sendense = await openSendense({ stateDirectory: 'state' });
const consistency = { want: 'filesystem', accept: 'crash' } as const;
let left = Number(count);
for await (const _ of setInterval(Number(everyMs))) {
  try {
    const { kind, pointId, findings } = await sendense.backup({ source, repository, consistency });
    const { removed } = await sendense.prune({ repository, policy: { hourly: 24, daily: 7 } });
    const told = findings.map(({ code }) => code).join(', ');
    console.log(`${kind} ${pointId} (${told}); ${removed.length} removed`);
  } catch (error) {
    // one failed hour must not end the schedule; LOCKED means that another backup of the domain runs
    console.error(String(error));
  }
  left -= 1;
  if (left <= 0) break;
}
