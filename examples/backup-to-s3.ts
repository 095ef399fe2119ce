/**
 * Backs a disk up into an encrypted repository in S3 and copies the points to a folder of QCOW2 chains. Credentials come from the
 * environment or the profile as the AWS tools find them, the passphrase from SENDENSE_PASSPHRASE.
 */
import { openSendense } from '@sendense/quickstart';

const [disk = 'disk.qcow2', bucket = 's3://backups/office?region=eu-central-1', folder = 'backups'] =
  process.argv.slice(2);

await using sendense = await openSendense({ stateDirectory: 'state' });
const { kind, pointId, bytesStored } = await sendense.backup({ source: `image:${disk}`, repository: bucket });
console.log(`${kind} ${pointId}: ${bytesStored} bytes stored`);

const { copied, skipped, verified } = await sendense.copy({ from: bucket, to: folder });
console.log(`${copied.length} copied to ${folder}, ${skipped.length} there already, verified: ${verified}`);
