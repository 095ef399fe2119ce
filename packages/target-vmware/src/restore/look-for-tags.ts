import { type Call, type MachineSpec, SendenseError } from '@sendense/core';
import { findTags, parseTag, type VimClient, VMWARE_PLATFORM } from '@sendense/platform-vmware';
import type { TagsThere } from '../design/choose-tags.ts';

/** Which tags of a machine of vSphere a server has. It is asked only where there are any; that it does not tell loses them all. */
export async function lookForTags(
  client: VimClient,
  { platform, tags = {} }: MachineSpec,
  call: Call | undefined,
): Promise<TagsThere> {
  const wanted = Object.keys(tags).flatMap((key) => parseTag(key) ?? []);
  if (platform !== VMWARE_PLATFORM || wanted.length === 0) return { found: [] };
  if (client.content.about.kind === 'esxi') return { found: [], why: 'an ESXi on its own has no tags' };
  try {
    return { found: await findTags(client, wanted, call) };
  } catch (error) {
    if (SendenseError.is(error, 'ABORTED')) throw error;
    return { found: [], why: error instanceof Error ? error.message : String(error) };
  }
}
