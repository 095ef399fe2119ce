import { SendenseError } from '@sendense/core';
import type { NodeId } from '../file-system-reader.ts';

/** The error of asking an inode for what it is not. */
export function wrongType(node: NodeId, wanted: string): SendenseError {
  return new SendenseError('CONFIG_INVALID', `inode ${node} is no ${wanted}`, {
    operation: 'read-file-system',
  });
}
