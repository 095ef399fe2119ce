import { rm } from 'node:fs/promises';
import path from 'node:path';
import { type LibvirtDaemon, startLibvirt } from '@sendense/tests/libvirt';
import type { DataKind } from '../data/data-set.ts';
import { dataBytes } from '../data/data-set.ts';
import { shellWords, syncFolder } from '../measure/run-shell.ts';
import { runSide, type Side } from '../measure/side.ts';
import type { Destination, Result } from '../report/result.ts';
import type { Workbench } from '../workbench.ts';
import { type BackedUpDomain, startFilledDomain } from './libvirt-domain.ts';
import { measurePairs, placements } from './measure-pairs.ts';
import { ourBackup } from './our-backup.ts';
import type { Row } from './row.ts';

const SHARE = 0.05;
const PEERS = ['libvirt', 'qemu-img', 'qemu-system-x86_64', 'virtnbdbackup'];

/** Two domains with the same disk, one for each side, and where each side writes. */
type Stage = {
  readonly libvirt: LibvirtDaemon;
  readonly ours: BackedUpDomain;
  readonly theirs: BackedUpDomain;
  readonly folder: string;
};

type Level = 'full' | 'inc';

/** The settings of virtnbdbackup are its own; only the connection is told. */
function virtnbdbackup({ libvirt, theirs, folder }: Stage, level: Level): Omit<Side, 'before'> {
  const out = path.join(folder, 'theirs');
  const backup = ['virtnbdbackup', '-U', libvirt.uri, '-d', theirs.name, '-l', level, '-o', out];
  return { cwd: folder, command: `${shellWords(backup)} >/dev/null 2>&1 && ${syncFolder(out)}` };
}

function sendense(bench: Workbench, { libvirt, ours, folder }: Stage, level: Level) {
  const source = `libvirt:${ours.name}?uri=${encodeURIComponent(libvirt.uri)}`;
  const type = level === 'full' ? 'full' : 'incremental';
  return ourBackup(bench, folder, [source], ['--type', type]);
}

/** Both sides of a first backup; what earlier ones left, checkpoints too, is removed before. */
function fulls(bench: Workbench, stage: Stage): { readonly ours: Side; readonly theirs: Side } {
  const ours = sendense(bench, stage, 'full');
  const beforeOurs = async () => {
    await stage.ours.forget();
    await ours.before();
  };
  const beforeTheirs = async () => {
    await stage.theirs.forget();
    await rm(path.join(stage.folder, 'theirs'), { recursive: true, force: true });
  };
  return {
    ours: { ...ours, before: beforeOurs },
    theirs: { ...virtnbdbackup(stage, 'full'), before: beforeTheirs },
  };
}

/** Both sides of an increment after another; before each one its guest changes the same clusters. */
function increments(bench: Workbench, stage: Stage): { readonly ours: Side; readonly theirs: Side } {
  const { sizeBytes } = bench.settings;
  const changing = (domain: BackedUpDomain) => {
    let seed = 0;
    return () => domain.change(sizeBytes, SHARE, ++seed);
  };
  return {
    ours: { ...sendense(bench, stage, 'inc'), before: changing(stage.ours) },
    theirs: { ...virtnbdbackup(stage, 'inc'), before: changing(stage.theirs) },
  };
}

async function* stages(
  bench: Workbench,
): AsyncGenerator<{ stage: Stage; source: string; variant: { destination: Destination; data: DataKind } }> {
  for (const variant of placements(bench)) {
    const source = await bench.dataSet(variant.data);
    await using folder = await bench.folder(variant.destination);
    await using libvirt = await startLibvirt();
    const ours = await startFilledDomain(libvirt, { name: 'ours', source });
    const theirs = await startFilledDomain(libvirt, { name: 'theirs', source });
    yield { stage: { libvirt, ours, theirs, folder: folder.path }, source, variant };
  }
}

/** A full backup of a running domain, against virtnbdbackup. */
export const libvirtFull: Row = {
  name: 'libvirt-full',
  peers: PEERS,
  async *measure(bench: Workbench): AsyncGenerator<Result> {
    const { sizeBytes } = bench.settings;
    for await (const { stage, source, variant } of stages(bench)) {
      const limit = await bench.limit(source, dataBytes(variant.data, sizeBytes), variant.destination);
      yield await measurePairs(bench, {
        name: this.name,
        variant,
        sizeBytes,
        limit,
        ...fulls(bench, stage),
      });
    }
  },
};

/** An increment of 5 % of a running domain, against virtnbdbackup. */
export const libvirtIncremental: Row = {
  name: 'libvirt-incremental',
  peers: PEERS,
  async *measure(bench: Workbench): AsyncGenerator<Result> {
    const { sizeBytes } = bench.settings;
    for await (const { stage, source, variant } of stages(bench)) {
      const first = fulls(bench, stage);
      await runSide(first.ours);
      await runSide(first.theirs);
      const limit = await bench.limit(source, Math.round(sizeBytes * SHARE), variant.destination);
      yield await measurePairs(bench, {
        name: this.name,
        variant,
        sizeBytes,
        limit,
        ...increments(bench, stage),
        note: '5 % of the disk, in scattered clusters of 64 KiB',
      });
    }
  },
};
