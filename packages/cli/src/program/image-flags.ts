import type { DiskFormat } from '@sendense/core';
import { type Command, Option } from 'commander';
import { collectText, parseText } from './flag-values.ts';

/** Formats of disk files. */
export const DISK_FORMATS: readonly DiskFormat[] = ['raw', 'qcow2', 'vmdk', 'vhd', 'vhdx'];

/** The one image that a verb is about. */
export type ImageOption = { readonly file: string; readonly format?: DiskFormat };
/** `--parents`. */
export type ParentsOption = { readonly parents?: readonly string[] };

/** Adds the argument `FILE` and `--format`. */
export function imageArgument(command: Command): Command {
  return command
    .argument('<file>', 'the image', parseText)
    .addOption(
      new Option('--format <format>', 'what the image is (default: told by its content)').choices(
        DISK_FORMATS,
      ),
    );
}

/** Adds `--parents FOLDER`. */
export function parentsFlag(command: Command): Command {
  return command.option(
    '--parents <folder>',
    'folder that backing files and extents may lie in; may be repeated',
    collectText,
  );
}
