import { z } from 'zod';

/** A JSON Schema of draft 2020-12, which is what OpenAPI 3.1 takes. */
export type JsonSchema = { readonly [key: string]: unknown };

/** JSON Schemas of zod schemas; those with an `id` in their metadata become components that the others refer to. */
export class ComponentSchemas {
  readonly #components = new Map<string, JsonSchema>();

  /** All components so far, by id. */
  get all(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries([...this.#components].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** `input`: what a client sends. `output`: what it gets. */
  of(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
    // zod makes definitions of what lies within a schema, never of the schema itself
    const { items, $defs = {} } = z.toJSONSchema(z.array(schema), { io, target: 'draft-2020-12' });
    for (const [id, definition] of Object.entries($defs)) this.#components.set(id, relocated(definition));
    return relocated(items);
  }
}

/** The same with references to `#/components/schemas`, and without the ids that only named the definitions. */
function relocated(schema: unknown): JsonSchema {
  const text = JSON.stringify(schema, (key, value: unknown) => {
    if (key === '$ref' && typeof value === 'string')
      return value.replace('#/$defs/', '#/components/schemas/');
    return value;
  });
  const { id: _, ...rest } = JSON.parse(text) as Record<string, unknown>;
  return rest;
}
