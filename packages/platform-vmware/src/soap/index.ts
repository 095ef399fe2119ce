export type { VimFault } from './envelope.ts';
export {
  type ManagedObject,
  type VimField,
  type VimObject,
  type VimTyped,
  type VimValue,
  vimObject,
} from './vim-value.ts';
