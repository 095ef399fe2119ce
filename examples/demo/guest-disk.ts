import { connectQmp } from '@sendense/platform-kvm/qmp';

/** The disk of a running QEMU, written to as its guest would write. */
export interface GuestDisk extends AsyncDisposable {
  /** Writes `length` bytes of one value. */
  fill(offset: number, length: number, value: number): Promise<void>;
  /** Writes the first `length` bytes of a file. */
  copy(file: string, offset: number, length: number): Promise<void>;
  flush(): Promise<void>;
  /** Ends QEMU. */
  quit(): Promise<void>;
}

/** Writes through the monitor at `socket` and the virtio device `device`: to QEMU it is a write of the guest. */
export async function openGuestDisk(socket: string, device: string): Promise<GuestDisk> {
  const monitor = await connectQmp({ address: { kind: 'unix', path: socket } });
  // qemu-io reports to the standard output of QEMU; the monitor answers only when it could not be started
  const qemuIo = async (command: string): Promise<void> => {
    const args = { 'command-line': `qemu-io -d /machine/peripheral/${device}/virtio-backend "${command}"` };
    const answer = await monitor.execute('human-monitor-command', args);
    if (answer !== '') throw new Error(`qemu-io ${command}: ${JSON.stringify(answer)}`);
  };
  return {
    fill: (offset, length, value) => qemuIo(`write -P ${value} ${offset} ${length}`),
    copy: (file, offset, length) => qemuIo(`write -s ${file} ${offset} ${length}`),
    flush: () => qemuIo('flush'),
    quit: async () => void (await monitor.execute('quit')),
    [Symbol.asyncDispose]: () => monitor[Symbol.asyncDispose](),
  };
}
