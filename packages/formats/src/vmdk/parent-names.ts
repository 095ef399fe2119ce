import { companionNames } from '../windows-names.ts';

/**
 * Names to look for a parent by: as its child has it, and by its last part beside the child, because images are moved
 * together. Whichever is found has to have the right content id.
 */
export function parentNames(hint: string): readonly string[] {
  const last = hint.split(/[\\/]/).filter((part) => part !== '');
  return [...new Set([...companionNames(hint), ...last.slice(-1)])];
}
