import type { z } from 'zod';

/** A value of JSON text, or why it is none that `schema` takes. */
export function parseAnswer<T>(
  text: string,
  schema: z.ZodType<T>,
): { readonly success: true; readonly data: T } | { readonly success: false; readonly why: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { success: false, why: 'it is no JSON' };
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed;
  const [issue] = parsed.error.issues;
  return { success: false, why: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong'}` };
}
