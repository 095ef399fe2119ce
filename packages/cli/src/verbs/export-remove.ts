import { SendenseError } from '@sendense/core';
import { callService, type ExportInfo, removeEntry } from '@sendense/nbd-service';
import type { Command } from 'commander';
import { describeExports } from '../output/describe-exports.ts';
import { parseText } from '../program/flag-values.ts';
import { exportOptions } from '../session/export-place.ts';
import { whereRunning } from '../session/export-service.ts';
import { defineVerb } from '../verb.ts';

type Options = { readonly export?: string; readonly name?: string };

function flags(command: Command): Command {
  return command
    .argument('[export]', 'its name', parseText)
    .option('--name <name>', 'the same, as a flag', parseText);
}

/** `export remove` */
export const exportRemove = defineVerb<Options>({
  words: ['export', 'remove'],
  summary: 'stop exporting a disk; what was written to its overlay is gone',
  flags,
  async run(session, { export: argument, name: flag }) {
    const name = argument ?? flag;
    if (name === undefined || (argument !== undefined && flag !== undefined)) throw unnamed();
    const { directory, confDirectory } = exportOptions(session);
    const before = await whereRunning(callService(directory, 'list', session.call));
    const served = before?.exports.find((each) => each.name === name);
    await removeEntry(confDirectory, served?.file ?? fileOf(name)).catch((error: unknown) => {
      throw SendenseError.is(error, 'NOT_FOUND') ? unknown(name, before?.exports ?? []) : error;
    });
    await whereRunning(callService(directory, 'reload', session.call));
    const removed = served === undefined ? [] : [served];
    return { json: { exports: describeExports(removed) }, lines: [`removed ${name}`] };
  },
});

/** What `export add` calls the file of an export. A name with a slash is none of the folder. */
function fileOf(name: string): string {
  return `${name.replaceAll('/', '_')}.json`;
}

function unnamed(): SendenseError {
  return new SendenseError('CONFIG_INVALID', 'which export is to be removed?', {
    operation: 'parse-arguments',
    remedy: 'give its name, once: "sendense-ctl export list" tells it',
  });
}

function unknown(name: string, exports: readonly ExportInfo[]): SendenseError {
  const names = exports.map((each) => each.name).join(', ');
  return new SendenseError('NOT_FOUND', `there is no export ${JSON.stringify(name)}`, {
    operation: 'remove-export',
    remedy: names === '' ? 'nothing is exported' : `name one of: ${names}`,
  });
}
