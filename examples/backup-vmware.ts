/**
 * Backs a machine of a vCenter or ESXi up. Run it again: only what changed block tracking tells is read and stored. The account comes
 * from SENDENSE_VMWARE_USER, SENDENSE_VMWARE_PASSWORD, and SENDENSE_VMWARE_THUMBPRINT or SENDENSE_VMWARE_CA_FILE.
 */
import { openSendense } from '@sendense/quickstart';

const [source = 'vmware://vc.example/web', repository = 'backups'] = process.argv.slice(2);

await using sendense = await openSendense({ stateDirectory: 'state' });
const consistency = { want: 'filesystem', accept: 'crash' } as const;
const point = await sendense.backup({ source, repository, consistency });
console.log(`${point.kind} ${point.pointId}, ${point.consistency}: ${point.bytesRead} bytes read`);
if (point.reason !== null) console.log(`full because ${point.reasonText}`);
for (const { id, reason } of point.skipped) console.log(`skipped ${id}: ${reason}`);
for (const { severity, message } of point.findings) console.log(`${severity}: ${message}`);
