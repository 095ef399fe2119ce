import { type Call, type Finding, SendenseError } from '@sendense/core';
import { attachTags, formatTag } from '@sendense/platform-vmware';
import type { FoundMachine } from './find-machines.ts';
import type { RestoreScope } from './restore-scope.ts';

/** Gives the machine that was made its tags. Repeatable. What it does not get is a finding: the machine is worth more than they are. */
export async function putTags(
  { client, details: { tags } }: Pick<RestoreScope, 'client' | 'details'>,
  { object }: FoundMachine,
  call: Call | undefined,
): Promise<readonly Finding[]> {
  try {
    const failed = await attachTags(client, object, tags, call);
    return failed.map(({ tag, error }) => notAttached(`the tag ${formatTag(tag)}`, error));
  } catch (error) {
    if (SendenseError.is(error, 'ABORTED')) throw error;
    return [notAttached(`any of its ${tags.length} tags`, error)];
  }
}

function notAttached(what: string, error: unknown): Finding {
  const why = error instanceof Error ? error.message : String(error);
  return { severity: 'warning', code: 'tags-lost', message: `the machine was not given ${what}: ${why}` };
}
