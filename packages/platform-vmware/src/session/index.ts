export { connectVim, type VimOptions } from './connect-vim.ts';
export type { ServiceContent, VimAbout } from './service-content.ts';
export type {
  FileRange,
  FileTransfer,
  HostRange,
  StreamRequest,
  VimClient,
  VimInvoke,
} from './vim-client.ts';
