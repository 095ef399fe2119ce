/** Thrown by every call of a process that was killed. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

/** Where a process is cut. */
export type Cut = { readonly call: number; readonly moment: 'before' | 'after' };

/** The life of one process: counts the calls of its contracts and ends at the cut. */
export class Life {
  readonly #cut: Cut | undefined;
  readonly calls: string[] = [];
  dead = false;

  constructor(cut?: Cut) {
    this.#cut = cut;
  }

  /** Runs one call; a dead process has no effect any more, and hears no answer of the call it died in. */
  run<T>(name: string, call: () => T): T {
    if (this.dead) throw new Killed(`dead before ${name}`);
    this.calls.push(name);
    const here = this.calls.length === this.#cut?.call;
    if (here && this.#cut?.moment === 'before') this.#die(name);
    const result = call();
    if (!(result instanceof Promise)) return here ? this.#die(name) : result;
    return result.then((value: unknown) => {
      if (here) this.#die(name);
      if (this.dead) throw new Killed(`dead after ${name}`);
      return value;
    }) as T;
  }

  #die(name: string): never {
    this.dead = true;
    throw new Killed(`killed at ${name}`);
  }
}

/** The same object, every call of which, and of what it gives, belongs to `life`. */
export function mortal<T>(value: T, life: Life, name = ''): T {
  if (!holdsHandle(value)) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => mortal(item, life, name)) as T;
  if (value instanceof Map)
    return new Map([...value].map(([key, item]: [unknown, unknown]) => [key, mortal(item, life, name)])) as T;
  return new Proxy(value as object, {
    get(target, property) {
      const member = Reflect.get(target, property, target) as unknown;
      const path = `${name}.${String(property)}`;
      if (typeof member !== 'function') return mortal(member, life, path);
      return (...args: unknown[]) =>
        mortalResult(
          life.run(path, () => (member as (...all: unknown[]) => unknown).apply(target, args)),
          life,
          path,
        );
    },
  }) as T;
}

function mortalResult(result: unknown, life: Life, name: string): unknown {
  if (result instanceof Promise) return result.then((value) => mortal(value, life, name));
  if (typeof result === 'object' && result !== null && Symbol.asyncIterator in result)
    return mortalIterable(result as AsyncIterable<unknown>, life, name);
  return mortal(result, life, name);
}

async function* mortalIterable(items: AsyncIterable<unknown>, life: Life, name: string) {
  for await (const item of items) {
    if (life.dead) throw new Killed(`dead in ${name}`);
    yield mortal(item, life, name);
  }
}

/** Whether something below `value` can be called: records and bytes are passed on as they are. */
function holdsHandle(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Date || ArrayBuffer.isView(value))
    return false;
  if (value instanceof Map) return [...value.values()].some((item) => holdsHandle(item, depth + 1));
  if (value instanceof AbortSignal || depth > 4) return false;
  const members = [...Object.values(value), (value as AsyncDisposable)[Symbol.asyncDispose]];
  return members.some((member) => typeof member === 'function' || holdsHandle(member, depth + 1));
}
