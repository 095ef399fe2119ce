import type { Gate } from './gate.ts';

/**
 * A guard that wraps each object once: the same object gives the same guard, and a guard gives itself. `parent` is the
 * gate of the handle that gave the object: what a handle gave is closed with it.
 */
export function guardOnce<T extends object, Parent extends Gate | undefined = undefined>(
  wrap: (inner: T, parent?: Parent) => T,
): (inner: T, parent?: Parent) => T {
  const guards = new WeakMap<T, T>();
  return (inner, parent) => {
    const known = guards.get(inner);
    if (known !== undefined) return known;
    const guard = wrap(inner, parent);
    guards.set(inner, guard);
    guards.set(guard, guard);
    return guard;
  };
}
