/**
 * `inner` with some members replaced. Everything else goes to `inner` itself, so classes with private fields and getters
 * can be wrapped too; a member given as `undefined` is not there.
 */
export function overlay<T extends object>(
  inner: T,
  members: { readonly [K in keyof T]?: T[K] | undefined },
): T {
  return new Proxy(inner, {
    get(target, key) {
      if (Object.hasOwn(members, key)) return Reflect.get(members, key) as unknown;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
    has: (target, key) =>
      Object.hasOwn(members, key) ? Reflect.get(members, key) !== undefined : Reflect.has(target, key),
  });
}
