import { z } from 'zod';
import { tenantNameSchema } from '../access-options.ts';
import { ROLES } from '../principal.ts';

/** The file of a token, without the token. */
export const tokenRecordSchema = z.strictObject({
  schema: z.literal('sendense-token/1'),
  id: z.string().regex(/^[0-9a-f]{16}$/),
  /** SHA-256 of the token, in hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  role: z.enum(ROLES),
  tenant: tenantNameSchema.nullable(),
  /** What its maker calls it. */
  name: z.string().max(128).nullable(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
});

/** See {@link tokenRecordSchema}. */
export type TokenRecord = z.output<typeof tokenRecordSchema>;

/** What is asked for in a new token. */
export type NewToken = Pick<TokenRecord, 'role' | 'tenant' | 'name' | 'expiresAt'>;
