import type { VimClient } from '@sendense/platform-vmware';

/** Names the server in references to its machines, as the VMware source does. */
export function serverId({ content, host }: VimClient): string {
  return content.about.instanceUuid ?? `esxi:${host}`;
}
