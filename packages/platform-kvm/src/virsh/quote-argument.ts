import { SendenseError } from '@sendense/core';

/** What virsh reads from its standard input goes through readline, to which control characters are keys. */
const CONTROL = /\p{Cc}/u;

/**
 * An argument as virsh's own command line wants it: in double quotes, where only `"` and `\` are special
 * (vshCommandStringGetArg in libvirt's tools/vsh.c). Throws `CONFIG_INVALID` for one with a control character.
 */
export function quoteArgument(argument: string): string {
  if (CONTROL.test(argument)) {
    throw new SendenseError(
      'CONFIG_INVALID',
      `virsh takes no control character: ${JSON.stringify(argument)}`,
      {
        operation: 'run-virsh',
        remedy: 'rename the domain or the folder',
      },
    );
  }
  return `"${argument.replace(/["\\]/g, '\\$&')}"`;
}
