import { SendenseError, type StandardIssue, type StandardSchemaV1 } from '@sendense/core';

/** `repositories[0].path`, as a person would write it. */
function fieldOf(path: StandardIssue['path']): string {
  let field = '';
  for (const step of path ?? []) {
    const key = typeof step === 'object' ? step.key : step;
    if (typeof key === 'number') field += `[${key}]`;
    else field += field === '' ? String(key) : `.${String(key)}`;
  }
  return field;
}

/**
 * Checks `value` by a schema (zod 4 or any Standard Schema) and gives its output. `what` begins the message.
 * Rejects with `CONFIG_INVALID` naming each wrong field; values are not repeated, because they may be secret.
 */
export async function parseOptions<Output>(
  schema: StandardSchemaV1<unknown, Output>,
  value: unknown,
  what: string,
): Promise<Output> {
  const result = await schema['~standard'].validate(value);
  if (result.issues === undefined) return result.value;
  const fields = result.issues.map((issue) => fieldOf(issue.path));
  const sentences = result.issues.map((issue, index) => {
    const field = fields[index] ?? '';
    return field === '' ? issue.message : `${field}: ${issue.message}`;
  });
  throw new SendenseError('CONFIG_INVALID', `${what}: ${sentences.join('; ')}`, {
    operation: 'read-options',
    context: { fields },
    remedy: 'correct the named fields',
  });
}
