import { SendenseError } from '@sendense/core';
import { addEntry, callService, type ReloadReport, removeEntry } from '@sendense/nbd-service';
import { type Command, Option } from 'commander';
import { describeExports, exportLines } from '../output/describe-exports.ts';
import type { CommonOptions } from '../program/common-flags.ts';
import { collectText, parseText } from '../program/flag-values.ts';
import { DISK_FORMATS, parentsFlag } from '../program/image-flags.ts';
import { repositoryFlag } from '../program/shared-flags.ts';
import { type AskedExports, askedEntries } from '../session/asked-entries.ts';
import { exportOptions } from '../session/export-place.ts';
import { reloadOrStart, whereRunning } from '../session/export-service.ts';
import type { Session } from '../session/session.ts';
import { defineVerb } from '../verb.ts';

type Options = CommonOptions & AskedExports;

function flags(command: Command): Command {
  const formats = new Option('--format <format>', 'what the image is (default: told by its content)');
  return parentsFlag(
    repositoryFlag(command)
      .option('--backup-id <id>', 'the recovery point: each of its disks is an export', parseText)
      .option('--disk <disk>', 'N or disk-N: only this disk; may be repeated', collectText)
      .option('--image <file>', 'instead of a point: a disk image', parseText)
      .option('--device <device>', 'instead of a point: a block device', parseText),
  )
    .addOption(formats.choices(DISK_FORMATS))
    .option(
      '--name <name>',
      'name of the export (default: by machine, disk and instant; of an image its own)',
      parseText,
    )
    .option('--writable', 'take writes, into an overlay that is gone with the export');
}

/** `export add` */
export const exportAdd = defineVerb<Options>({
  words: ['export', 'add'],
  summary: 'offer a recovery point, an image or a device to NBD clients, read-only or on an overlay',
  flags,
  async run(session, options) {
    const { confDirectory } = exportOptions(session);
    const files: string[] = [];
    try {
      for (const { name, entry } of await askedEntries(session, options))
        files.push(await addEntry(confDirectory, name, { ...entry, name }));
      const report = await reloadOrStart(session, options);
      refuseFailed(report, files);
      const added = report.exports.filter(({ file }) => files.includes(file));
      return { json: { exports: describeExports(added) }, lines: exportLines(added) };
    } catch (error) {
      await takeBack(session, confDirectory, files);
      throw error;
    }
  },
});

/** Throws why the first of `files` is not served. */
function refuseFailed({ failures, exports }: ReloadReport, files: readonly string[]): void {
  const failure = failures.find(({ file }) => files.includes(file));
  if (failure !== undefined) throw failure.error;
  const missing = files.find((file) => exports.every((each) => each.file !== file));
  if (missing === undefined) return;
  throw new SendenseError('CONFLICT', `the service does not read the folder of ${missing}`, {
    operation: 'add-export',
    remedy: 'start it again with this configuration',
  });
}

/** All disks or none: what was added before another one failed goes again. */
async function takeBack(session: Session, confDirectory: string, files: readonly string[]): Promise<void> {
  if (files.length === 0) return;
  for (const file of files)
    await removeEntry(confDirectory, file).catch((error: unknown) => {
      session.log({
        level: 'warn',
        message: `${file} could not be removed`,
        fields: { error: String(error) },
      });
    });
  await whereRunning(callService(exportOptions(session).directory, 'reload'));
}
