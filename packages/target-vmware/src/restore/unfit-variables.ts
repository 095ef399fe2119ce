import { type Call, type RestoreRequest, SendenseError } from '@sendense/core';
import { isVariableStore } from '@sendense/platform-vmware';
import { whyNewVariables } from '../design/design-machine.ts';
import type { CheckedOptions } from '../options.ts';

/**
 * Why vSphere does not read the UEFI variables of a point; `undefined` where it does, and where they are not put in place anyway: then
 * they are not read. Points of before hold also those that are encrypted with a key of the old machine. A machine is worth more than
 * its variables: that these cannot be read is a reason too, and only a call that was cancelled rejects.
 */
export async function unfitVariables(
  request: RestoreRequest,
  options: CheckedOptions,
  canHoldFiles: boolean,
  call: Call | undefined,
): Promise<string | undefined> {
  if (whyNewVariables(request, options, { canHoldFiles }) !== undefined) return undefined;
  const variables = request.artifacts?.find(({ name }) => name === 'nvram');
  try {
    const bytes = await variables?.bytes(call);
    const isPlain = bytes !== undefined && isVariableStore(bytes);
    return isPlain ? undefined : 'those of the point are encrypted, or of an unknown form';
  } catch (error) {
    if (SendenseError.is(error, 'ABORTED')) throw error;
    return `those of the point cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}
