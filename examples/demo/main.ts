/** The main job of Sendense on a small disk: full, change, increment, restore of both points, proven by digest. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findNativeDriver } from '@sendense/blockio-native';
import { formatBytes, formatDuration } from '@sendense/cli';
import type { BackupResult } from '@sendense/engine';
import { readNativeMode } from '@sendense/plugin-kit';
import { openSendense, type Sendense } from '@sendense/quickstart';
import type { BusyTime, DemoMachine } from './demo-machine.ts';
import { diskDigest } from './disk-digest.ts';
import { DISK_BYTES, makeFilesystemDisk } from './filesystem-disk.ts';
import { startMachine } from './start-machine.ts';
import { createStoryTeller, type StoryTeller } from './story-teller.ts';

type Restore = { readonly point: string; readonly format: 'raw' | 'qcow2'; readonly verified: boolean };
type Demo = { readonly folder: string; readonly sendense: Sendense; readonly teller: StoryTeller };

function sayBackup(teller: StoryTeller, result: BackupResult): void {
  const { kind, bytesRead, changedBytes, bytesStored, durationMs, reasonText } = result;
  const changed = kind === 'full' ? '' : `, ${formatBytes(changedBytes)} changed`;
  teller.say(`    ${kind}${reasonText === null ? '' : `: ${reasonText}`}`);
  teller.say(
    `    read ${formatBytes(bytesRead)}${changed}, stored ${formatBytes(bytesStored)} in ${formatDuration(durationMs)}`,
  );
}

async function listChain({ folder, sendense, teller }: Demo): Promise<void> {
  teller.say('4  The chain, plain QCOW2 files that stock qemu-img opens:');
  for (const point of await sendense.points({ repository: join(folder, 'repository') })) {
    const path = point.disks[0]?.path?.slice(folder.length + 1);
    teller.say(
      `    ${point.at.toISOString()}  ${point.kind.padEnd(11)} ${formatBytes(point.storedBytes).padStart(9)}  ${path}`,
    );
  }
}

async function restoreAndProve(
  { folder, sendense, teller }: Demo,
  point: BackupResult,
  format: Restore['format'],
  expected: string,
): Promise<Restore> {
  const target = join(folder, `restored-${point.kind}.${format}`);
  const repository = join(folder, 'repository');
  const result = await sendense.restore({
    repository,
    point: point.pointId,
    target: `image:${target}`,
    format,
  });
  const digest = await diskDigest(target, format);
  const verified = result.verified && digest === expected;
  teller.say(
    `    ${verified ? 'equal' : 'DIFFERENT'}: sha256 ${digest.slice(0, 16)}… of ${format}, disk then ${expected.slice(0, 16)}…`,
  );
  return { point: point.pointId, format, verified };
}

/** Backs up while the machine, if it can, writes on from the moment the disk is frozen until the job has ended. */
async function backUp(demo: Demo, machine: DemoMachine): Promise<BackupResult> {
  const { folder, sendense, teller } = demo;
  let stop: (() => Promise<BusyTime>) | undefined;
  const onStep = ({ step }: { readonly step: string }): void => {
    if (step === 'copy') stop = machine.keepBusy?.();
  };
  sendense.engine.events.on('step-start', onStep);
  try {
    const result = await sendense.backup({ source: machine.source, repository: join(folder, 'repository') });
    sayBackup(teller, result);
    return result;
  } finally {
    sendense.engine.events.off('step-start', onStep);
    const busy = await stop?.();
    if (busy !== undefined)
      teller.say(`    meanwhile the machine wrote ${formatBytes(busy.bytes)} in ${busy.writes} writes`);
  }
}

async function tell(demo: Demo, machine: DemoMachine) {
  const { teller } = demo;
  const before = await machine.digest();
  teller.say('2  First backup:');
  const full = await backUp(demo, machine);
  const changed = await machine.change();
  const after = await machine.digest();
  teller.say(
    `3  ${changed.files} files changed in it (${formatBytes(changed.bytes)} written). Second backup:`,
  );
  const incremental = await backUp(demo, machine);
  await listChain(demo);
  teller.say('5  Restore the older point to raw:');
  const older = await restoreAndProve(demo, full, 'raw', before);
  teller.say('6  Restore the newer point to QCOW2:');
  const newer = await restoreAndProve(demo, incremental, 'qcow2', after);
  if (!(await machine.shutDown())) throw new Error('the disk does not hold what the demo wrote to it');
  return { full, incremental, restores: [older, newer] };
}

async function main(): Promise<void> {
  const json = process.argv.includes('--json');
  const teller = createStoryTeller(json ? process.stderr : process.stdout);
  const started = performance.now();
  const folder = await mkdtemp(join(tmpdir(), 'sendense-demo-'));
  try {
    await using sendense = await openSendense({ stateDirectory: join(folder, 'state') });
    teller.follow(sendense.engine.events);
    const made = await makeFilesystemDisk(join(folder, 'disk.raw'), folder);
    await using machine = await startMachine(folder);
    teller.say(
      `1  A disk of ${formatBytes(DISK_BYTES)} with ext4 and ${made.files} files (${formatBytes(made.bytes)}).`,
    );
    teller.say(`    ${machine.about}`);
    const { reason } = findNativeDriver(readNativeMode());
    if (reason !== null) teller.say(`    Files are read and written by JavaScript: ${reason}.`);
    const { full, incremental, restores } = await tell({ folder, sendense, teller }, machine);
    const durationMs = Math.round(performance.now() - started);
    const proven = restores.every(({ verified }) => verified);
    teller.say(
      `${proven ? 'Both points came back bit for bit' : 'A POINT CAME BACK DIFFERENT'}, in ${formatDuration(durationMs)} altogether.`,
    );
    if (json)
      process.stdout.write(
        `${JSON.stringify(summary(machine.kind, full, incremental, restores, durationMs))}\n`,
      );
    if (!proven) process.exitCode = 3;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function summary(
  source: DemoMachine['kind'],
  full: BackupResult,
  incremental: BackupResult,
  restores: readonly Restore[],
  durationMs: number,
) {
  return {
    full: {
      bytesRead: full.bytesRead,
      bytesStored: full.bytesStored,
      durationMs: Math.round(full.durationMs),
    },
    incremental: {
      bytesRead: incremental.bytesRead,
      changedBytes: incremental.changedBytes,
      bytesStored: incremental.bytesStored,
      durationMs: Math.round(incremental.durationMs),
      kind: incremental.kind,
    },
    restores,
    source,
    native: findNativeDriver(readNativeMode()).driver !== null,
    durationMs,
  };
}

await main();
