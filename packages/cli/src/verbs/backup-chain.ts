import type { Command } from 'commander';
import type { DiskChain } from '../output/describe-chain.ts';
import { formatBytes } from '../output/human-size.ts';
import { textTable } from '../output/text-table.ts';
import { parseText } from '../program/flag-values.ts';
import { repositoryFlag } from '../program/shared-flags.ts';
import { defineServedVerb } from '../verb.ts';
import type { ChainOptions } from '../work/work.ts';

function flags(command: Command): Command {
  return repositoryFlag(command)
    .requiredOption('--vm, --machine <machine>', 'name or key of the machine', parseText)
    .option('--backup-id <id>', 'the point whose chain is shown (default: the newest)', parseText);
}

/** `backup chain` */
export const backupChain = defineServedVerb<ChainOptions>({
  words: ['backup', 'chain'],
  summary: 'show the files that the newest point of a machine is read through',
  flags,
  served: ['--repository', '--machine'],
  async runBy(work, options) {
    const chain = await work.showChain(options);
    return { json: chain, lines: chain.disks.flatMap(table) };
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
