export { connectVim, type VimOptions } from './connect-vim.ts';
export type { ServiceContent, VimAbout } from './service-content.ts';
export type { VimClient, VimInvoke } from './vim-client.ts';
