/** Restores the newest recovery point to a new raw file and proves it by reading the file back. */
import { openSendense } from '@sendense/quickstart';

const [repository = 'backups', file = 'restored.raw'] = process.argv.slice(2);

await using sendense = await openSendense({ stateDirectory: 'state' });
const newest = (await sendense.points({ repository })).at(-1);
if (newest === undefined) throw new Error(`${repository} holds no recovery point yet`);
const restored = await sendense.restore({
  repository,
  point: newest.id,
  target: `image:${file}`,
  format: 'raw',
});
console.log(`${newest.kind} of ${newest.at.toISOString()} is in ${file}, verified: ${restored.verified}`);
