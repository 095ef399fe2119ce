import { createNativeDriver } from '@sendense/blockio-native';

// A program that begins a transfer and leaves in the way it is told, without waiting for it.
const [from = '', to = '', bytes = '', how = ''] = process.argv.slice(2);
const leave = (): void => {
  if (how === 'exit') process.exit(7);
  if (how === 'throw') throw new Error('on purpose');
};
createNativeDriver()
  .transfer?.({
    from: [{ kind: 'file', path: from }],
    to: { kind: 'file', path: to },
    moves: Float64Array.of(0, 0, 0, Number(bytes)),
    digest: true,
    zeros: { pieceBytes: 65_536, action: 'skip' },
  })
  .catch(() => process.exit(9));
setImmediate(leave);
