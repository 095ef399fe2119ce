/** Restores the disks of the newest recovery point of a machine to image files that QEMU starts from, proven by reading them back. */
import { openSendense } from '@sendense/quickstart';

const [repository = 'backups', machine = 'web', folder = 'restored'] = process.argv.slice(2);

await using sendense = await openSendense({ stateDirectory: 'state' });
const newest = (await sendense.points({ repository, machine })).at(-1);
if (newest === undefined) throw new Error(`${repository} holds no recovery point of ${machine}`);
const restored = await sendense.restore({
  repository,
  point: newest.id,
  target: `image:${folder}/`,
  format: 'qcow2',
});
const { spec, disks } = newest;
console.log(`${spec.name} (${spec.firmware}) of ${newest.at.toISOString()} is in ${folder}`);
console.log(`${disks.length} disks, verified: ${restored.verified}`);
