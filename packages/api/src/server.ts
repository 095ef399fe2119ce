import { z } from 'zod';

/** Answer of `GET /health`. */
export const healthSchema = z.strictObject({ status: z.literal('ok') });

/** Answer of `GET /ready`. */
export const readySchema = z.strictObject({ status: z.literal('ready') });

/** See {@link healthSchema}. */
export type Health = z.output<typeof healthSchema>;

/** See {@link readySchema}. */
export type Ready = z.output<typeof readySchema>;
