import { SendenseError } from '@sendense/core';
import type { Command } from 'commander';
import { type DiskChain, describeChains } from '../output/describe-chain.ts';
import { formatBytes } from '../output/human-size.ts';
import { textTable } from '../output/text-table.ts';
import { parseText } from '../program/flag-values.ts';
import { type RepositoryOption, repositoryFlag } from '../program/shared-flags.ts';
import { findPoint } from '../session/find-points.ts';
import { machinePoints } from '../session/machine-points.ts';
import { openRepository } from '../session/open-repository.ts';
import { defineVerb } from '../verb.ts';

type Options = RepositoryOption & { readonly machine: string; readonly backupId?: string };

function flags(command: Command): Command {
  return repositoryFlag(command)
    .requiredOption('--vm, --machine <machine>', 'name or key of the machine', parseText)
    .option('--backup-id <id>', 'the point whose chain is shown (default: the newest)', parseText);
}

/** `backup chain` */
export const backupChain = defineVerb<Options>({
  words: ['backup', 'chain'],
  summary: 'show the files that the newest point of a machine is read through',
  flags,
  async run(session, options) {
    const open = await openRepository(session, options);
    const points = await machinePoints(session, open, options.machine);
    const newest = options.backupId === undefined ? points.at(-1) : findPoint(points, options.backupId);
    if (newest === undefined) {
      throw new SendenseError('NOT_FOUND', 'the machine has no recovery point', { operation: 'show-chain' });
    }
    const disks = describeChains(newest, points, open.path);
    return {
      json: { machine: newest.machine, machineName: newest.spec.name, disks },
      lines: disks.flatMap(table),
    };
  },
});

function table(disk: DiskChain): string[] {
  const rows = disk.chain.map((link) => [
    link.pointId,
    link.kind,
    formatBytes(link.bytesStored),
    link.path ?? '',
  ]);
  return [
    `${disk.id}: ${disk.chain.length} in the chain, ${formatBytes(disk.totalBytes)}`,
    ...textTable(['POINT', 'KIND', 'STORED', 'FILE'], rows).map((line) => `  ${line}`),
  ];
}
