/** An operation of the document, as far as tests look at it. */
export type Operation = {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: { readonly 'application/json': object } };
  readonly responses: Readonly<Record<string, unknown>>;
};

/** An OpenAPI document. */
export type Document = { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> };

/** What an operation succeeds with here: values of its parameters, and a body. */
export type Example = { readonly parameters?: Readonly<Record<string, string>>; readonly body?: object };

/** Every operation with its method and path. */
export function operationsOf({ paths }: Document): { method: string; path: string; operation: Operation }[] {
  return Object.entries(paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]) => ({ method, path, operation })),
  );
}

/**
 * The document with examples by operation. It is otherwise as the server gives it: names and ids of one server are in no document, and no
 * random text meets one.
 */
export function withExamples(document: Document, examples: Readonly<Record<string, Example>>): Document {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const { method, path, operation } of operationsOf(document))
    paths[path] = { ...paths[path], [method]: withExample(operation, examples[operation.operationId]) };
  return { ...document, paths };
}

function withExample(operation: Operation, { parameters = {}, body }: Example = {}): Operation {
  const { requestBody } = operation;
  const isGiven = (name: string) => Object.hasOwn(parameters, name);
  return {
    ...operation,
    parameters: operation.parameters.map((each) =>
      isGiven(each.name) ? { ...each, example: parameters[each.name] } : each,
    ),
    ...(body !== undefined &&
      requestBody !== undefined && {
        requestBody: {
          ...requestBody,
          content: { 'application/json': { ...requestBody.content['application/json'], example: body } },
        },
      }),
  };
}
