/** Backs a disk image up. Run it again after the disk changed: only the changes are read and stored. */
import { openSendense } from '@sendense/quickstart';

const [disk = 'disk.qcow2', repository = 'backups'] = process.argv.slice(2);

await using sendense = await openSendense({ stateDirectory: 'state' });
const point = await sendense.backup({ source: `image:${disk}`, repository });
console.log(`${point.kind} ${point.pointId}: ${point.bytesRead} bytes read, ${point.bytesStored} stored`);
if (point.reason !== null) console.log(`full because ${point.reasonText}`);
for (const { severity, message } of point.findings) console.log(`${severity}: ${message}`);
