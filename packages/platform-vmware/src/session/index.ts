export { connectVim, type VimOptions } from './connect-vim.ts';
export type { ServiceContent, VimAbout } from './service-content.ts';
export type { FileRange, VimClient, VimInvoke } from './vim-client.ts';
