/** Reads every stored byte again, and thins the points out only when all of them are intact. */
import { openSendense } from '@sendense/quickstart';

const [repository = 'backups'] = process.argv.slice(2);
const policy = { last: 1, daily: 7, weekly: 4, monthly: 12 };

await using sendense = await openSendense({ stateDirectory: 'state' });
const { intact, checkedBytes, findings } = await sendense.verify({ repository });
console.log(`${checkedBytes} bytes checked, ${intact ? 'all intact' : 'damage found'}`);
for (const { severity, message } of findings) console.log(`${severity}: ${message}`);
if (!intact) process.exit(3);
const plan = await sendense.prune({ repository, policy, dryRun: true });
console.log(`would remove ${plan.removed.length} of ${plan.removed.length + plan.kept.length}`);
const { freedBytes } = await sendense.prune({ repository, policy });
console.log(`freed ${freedBytes} bytes`);
