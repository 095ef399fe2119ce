import { resolve } from 'node:path';
import { SendenseError } from '@sendense/core';
import { unmountPoint } from '@sendense/file-mount';
import type { Command } from 'commander';
import { describeFindings, findingLines } from '../output/describe-findings.ts';
import { parseText } from '../program/flag-values.ts';
import { mountsDirectory } from '../session/mount-place.ts';
import type { Session } from '../session/session.ts';
import { defineVerb } from '../verb.ts';

type Options = {
  readonly mount?: string;
  readonly mountId?: string;
  readonly path?: string;
  readonly force?: true;
};

function flags(command: Command): Command {
  return command
    .argument('[mount]', 'its id', parseText)
    .option('--mount-id <id>', 'the same, as a flag', parseText)
    .option('--path <folder>', 'instead of its id: the folder that shows the files', parseText)
    .option('--force', 'also while something is open in it: that gives errors from then on');
}

/** `backup unmount` */
export const backupUnmount = defineVerb<Options>({
  words: ['backup', 'unmount'],
  summary: 'end a mount of "backup mount"',
  flags,
  async run(session, options) {
    const { record, findings } = await unmountPoint({
      directory: mountsDirectory(session),
      mount: namedMount(session, options),
      force: options.force === true,
    });
    return {
      json: { mountId: record.id, mountPath: record.path, findings: describeFindings(findings) },
      lines: [`unmounted ${record.path}`, ...findingLines(findings)],
    };
  },
});

function namedMount({ host }: Session, { mount, mountId, path }: Options): string {
  const folder = path === undefined ? undefined : resolve(host.workingDirectory, path);
  const [name, ...others] = [mount, mountId, folder].filter((text) => text !== undefined);
  if (name !== undefined && others.length === 0) return name;
  throw new SendenseError('CONFIG_INVALID', 'which mount is to end?', {
    operation: 'parse-arguments',
    remedy: 'name it once, by its id or --path: "sendense-ctl backup mounts" tells both',
  });
}
