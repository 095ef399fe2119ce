export { auditOptionsSchema } from '../audit/audit-options.ts';
export { browseOptionsSchema, mountOptionsSchema } from '../mounts/mount-options.ts';
export { type AccessOptions, accessOptionsSchema, tenantNameSchema } from './access-options.ts';
export { type Principal, ROLES, type Role } from './principal.ts';
export { rateLimitOptionsSchema } from './rate-limits.ts';
export type { NewToken, TokenRecord } from './tokens/token-record.ts';
export { TokenStore, type TokenStoreServices, tokensDirectory } from './tokens/token-store.ts';
