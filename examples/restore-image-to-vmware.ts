/**
 * Makes a machine of a vCenter or ESXi from a disk image: the image is backed up, and its point restored. The account comes from
 * SENDENSE_VMWARE_USER, SENDENSE_VMWARE_PASSWORD, and SENDENSE_VMWARE_THUMBPRINT or SENDENSE_VMWARE_CA_FILE.
 */
import { openSendense } from '@sendense/quickstart';

const [image = 'disk.qcow2', target = 'vmware://vc.example/web?network=VM Network', repository = 'backups'] =
  process.argv.slice(2);

await using sendense = await openSendense({ stateDirectory: 'state' });
const { pointId } = await sendense.backup({ source: `image:${image}`, repository });
const restored = await sendense.restore({ repository, point: pointId, target });
console.log(`machine ${restored.machine?.id}, verified: ${restored.verified}`);
for (const { location } of restored.disks) console.log(location);
for (const { severity, message } of restored.findings) console.log(`${severity}: ${message}`);
