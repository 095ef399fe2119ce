import { SendenseError } from '@sendense/core';
import type { Command } from 'commander';
import { findingLines } from '../output/describe-findings.ts';
import { parseText } from '../program/flag-values.ts';
import { defineServedVerb } from '../verb.ts';
import type { UnmountOptions } from '../work/work.ts';

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
export const backupUnmount = defineServedVerb<Options>({
  words: ['backup', 'unmount'],
  summary: 'end a mount of "backup mount"',
  flags,
  served: ['--mount-id', '--path', '--force'],
  async runBy(work, options) {
    const ended = await work.unmount({ ...namedMount(options), force: options.force === true });
    return { json: ended, lines: [`unmounted ${ended.mountPath}`, ...findingLines(ended.findings)] };
  },
});

function namedMount({ mount, mountId, path }: Options): Pick<UnmountOptions, 'mount' | 'isFolder'> {
  const [name, ...others] = [mount, mountId, path].filter((text) => text !== undefined);
  if (name !== undefined && others.length === 0) return { mount: name, isFolder: path !== undefined };
  throw new SendenseError('CONFIG_INVALID', 'which mount is to end?', {
    operation: 'parse-arguments',
    remedy: 'name it once, by its id or --path: "sendense-ctl backup mounts" tells both',
  });
}
