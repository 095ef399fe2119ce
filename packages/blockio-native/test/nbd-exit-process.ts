import { createNativeDriver } from '@sendense/blockio-native';
import type { BlockEndpoint } from '@sendense/core';

// A program that uses an export in every way at once, and leaves in the way it is told without waiting for that.
const [from = '', to = '', bytes = '', how = ''] = process.argv.slice(2);
const [source, target]: BlockEndpoint[] = [JSON.parse(from), JSON.parse(to)];
const driver = createNativeDriver();
const ignore = (): void => undefined;
if (source === undefined || target === undefined) throw new TypeError('two endpoints are needed');
const reader = await driver.openReader(source);
const writer = await driver.openWriter(target);
driver
  .transfer?.({
    from: [source],
    to: target,
    moves: Float64Array.of(0, 0, 0, Number(bytes)),
    digest: true,
    zeros: { pieceBytes: 65_536, action: 'skip' },
  })
  .catch(ignore);
reader.read(0, new Uint8Array(65_536)).catch(ignore);
writer.write(0, new Uint8Array(65_536)).catch(ignore);
process.stdout.write('begun\n');
process.stdin.once('data', () => {
  if (how === 'exit') process.exit(7);
  if (how === 'throw') throw new Error('on purpose');
  process.stdin.destroy();
});
