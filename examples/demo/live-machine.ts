import { type ChildProcess, spawn } from 'node:child_process';
import { copyFile, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BusyTime, DemoMachine, DiskChange } from './demo-machine.ts';
import { differingRuns } from './differing-runs.ts';
import { diskDigest } from './disk-digest.ts';
import { changeFilesystemDisk, journalPlace } from './filesystem-disk.ts';
import { type GuestDisk, openGuestDisk } from './guest-disk.ts';
import { runProgram } from './run-program.ts';

const DEVICE = 'vda';
const WRITE_BYTES = 64 * 1024;
const PAUSE_MS = 2;

/** A started QEMU and what is remembered of its disk. */
type Running = {
  readonly folder: string;
  readonly qemu: ChildProcess;
  readonly guest: GuestDisk;
  /** Holds what was written to the disk since its beginning: what the disk must hold. */
  readonly record: string;
};

/**
 * Starts QEMU with a QCOW2 image of `disk.raw` in `folder`. The raw file then is the record of all that was written; at
 * the end it is compared with the image.
 */
export async function startLiveMachine(folder: string): Promise<DemoMachine> {
  const record = join(folder, 'disk.raw');
  const image = join(folder, 'disk.qcow2');
  await runProgram('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', record, image]);
  const backupSocket = join(folder, 'backup.qmp');
  const guestSocket = join(folder, 'guest.qmp');
  const qemu = spawn('qemu-system-x86_64', qemuArguments(image, [backupSocket, guestSocket]), {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const guest = await openWhenUp(qemu, guestSocket);
  const running: Running = { folder, qemu, guest, record };
  let counter = 0;
  return {
    kind: 'qemu',
    source: `qemu:${backupSocket}`,
    about: 'It belongs to a running QEMU, which writes to it before and during the backups.',
    digest: () => diskDigest(record, 'raw'),
    change: () => changeLiveDisk(running),
    keepBusy: () => keepBusy(running, () => ++counter),
    async shutDown() {
      await guest.quit().catch(() => undefined);
      await ended(qemu);
      return (await diskDigest(image, 'qcow2')) === (await diskDigest(record, 'raw'));
    },
    async [Symbol.asyncDispose]() {
      await guest[Symbol.asyncDispose]();
      if (qemu.exitCode === null) qemu.kill('SIGKILL');
      await ended(qemu);
    },
  };
}

// No guest runs in it (-S): its disk is written to through the second monitor.
function qemuArguments(image: string, sockets: readonly string[]): string[] {
  const machine = '-machine pc -accel tcg -m 32 -nodefaults -display none -S -name sendense-demo'.split(' ');
  const disk = ['-blockdev', `driver=file,node-name=file,filename=${image}`];
  disk.push('-blockdev', 'driver=qcow2,node-name=disk,file=file');
  disk.push('-device', `virtio-blk-pci,drive=disk,id=${DEVICE}`);
  const monitors = sockets.flatMap((socket) => ['-qmp', `unix:${socket},server=on,wait=off`]);
  return [...machine, ...disk, ...monitors];
}

async function openWhenUp(qemu: ChildProcess, socket: string): Promise<GuestDisk> {
  const failed = new Promise<never>((_, reject) => {
    qemu.once('error', reject);
    qemu.once('exit', (code) => reject(new Error(`QEMU ended at once (exit code ${code})`)));
  });
  const opened = async (): Promise<GuestDisk> => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await openGuestDisk(socket, DEVICE);
      } catch (error) {
        if (attempt === 200) throw error;
        await sleep(50);
      }
    }
  };
  return await Promise.race([opened(), failed]);
}

async function ended(qemu: ChildProcess): Promise<void> {
  if (qemu.exitCode !== null || qemu.signalCode !== null) return;
  await new Promise((resolve) => void qemu.once('exit', resolve));
}

/** Changes the file system of the record, then writes what changed there to the running disk. */
async function changeLiveDisk({ folder, guest, record }: Running): Promise<DiskChange> {
  const before = join(folder, 'before.raw');
  const piece = join(folder, 'piece');
  await copyFile(record, before);
  const change = await changeFilesystemDisk(record, folder);
  await using old = await open(before);
  await using now = await open(record);
  for await (const { offset, bytes } of differingRuns(old, now)) {
    await writeFile(piece, bytes);
    await guest.copy(piece, offset, bytes.length);
  }
  await guest.flush();
  await Promise.all([before, piece].map((path) => rm(path, { force: true })));
  return change;
}

/** Overwrites the file that the disk has for this, piece by piece, and the record with the same when it ends. */
function keepBusy({ guest, record }: Running, nextValue: () => number): () => Promise<BusyTime> {
  const written: { readonly offset: number; readonly value: number }[] = [];
  const stop = new AbortController();
  const busy = (async () => {
    const { offset, length } = await journalPlace(record);
    for (let turn = 0; !stop.signal.aborted; turn++) {
      const at = offset + ((turn * WRITE_BYTES) % (length - WRITE_BYTES));
      const value = 1 + (nextValue() % 255);
      await guest.fill(at, WRITE_BYTES, value);
      written.push({ offset: at, value });
      await sleep(PAUSE_MS);
    }
  })();
  // what fails is told by whoever stops it
  busy.catch(() => undefined);
  return async () => {
    stop.abort();
    await busy;
    await using file = await open(record, 'r+');
    for (const { offset, value } of written)
      await file.write(Buffer.alloc(WRITE_BYTES, value), 0, WRITE_BYTES, offset);
    return { writes: written.length, bytes: written.length * WRITE_BYTES };
  };
}
