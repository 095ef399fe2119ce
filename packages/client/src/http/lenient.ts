import { errorCodeSchema } from '@sendense/api';
import { z } from 'zod';

/**
 * The same schema, but objects of it may have further fields, which are left out: replies of a newer server are read by what this
 * version knows of them. The code of an error may be any text, so that one job that failed in a new way does not hide the others.
 */
export function lenient<T extends z.ZodType>(schema: T): z.ZodType<z.output<T>> {
  return rebuilt(schema) as z.ZodType<z.output<T>>;
}

function rebuilt(schema: unknown): z.ZodType {
  if (schema === errorCodeSchema) return z.string();
  if (schema instanceof z.ZodObject) {
    const shape = schema.shape as Record<string, z.ZodType>;
    return z.object(Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, rebuilt(field)])));
  }
  if (schema instanceof z.ZodArray) return z.array(rebuilt(schema.element));
  if (schema instanceof z.ZodNullable) return z.nullable(rebuilt(schema.unwrap()));
  if (schema instanceof z.ZodOptional) return z.optional(rebuilt(schema.unwrap()));
  if (schema instanceof z.ZodUnion) return z.union(schema.options.map(rebuilt));
  return schema as z.ZodType;
}
