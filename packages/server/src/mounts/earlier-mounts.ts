import type { Finding } from '@sendense/core';

/** Whether what a new mount tells is about one that was left from before. That may be another tenant's: the server logs it. */
export function isOfEarlierMount({ code }: Finding): boolean {
  return code.startsWith('mount-');
}
