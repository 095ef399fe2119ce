import { SendenseError } from '@sendense/core';

/** Whether native code moves the bytes: `auto` where it loads, `require` or fail, `off`. */
export type NativeMode = 'auto' | 'require' | 'off';

/** What `SENDENSE_NATIVE` asks for; `auto` where it is not set. Throws `CONFIG_INVALID` for another word. */
export function readNativeMode(environment: NodeJS.ProcessEnv = process.env): NativeMode {
  const { SENDENSE_NATIVE: wanted = 'auto' } = environment;
  if (wanted === 'auto' || wanted === '') return 'auto';
  if (wanted === 'require' || wanted === 'off') return wanted;
  throw new SendenseError('CONFIG_INVALID', `SENDENSE_NATIVE is ${JSON.stringify(wanted)}`, {
    operation: 'read-config',
    remedy: 'set it to auto, require or off, or do not set it',
  });
}
