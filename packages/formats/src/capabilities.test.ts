import { expect, it } from 'vitest';
import { formatCapabilities, formatProofs } from './capabilities.ts';

it('every capability of a format is shown by something, and none at a better level than its best proof', () => {
  const declared = Object.entries(formatCapabilities).flatMap(([format, capabilities]) =>
    Object.entries(capabilities).map(([capability, level]) => ({ format, capability, level })),
  );
  const levels = ({ format, capability }: { readonly format: string; readonly capability: string }) =>
    formatProofs.filter((proof) => proof.format === format && proof.capability === capability);
  for (const one of declared)
    expect(
      levels(one).map(({ level }) => level),
      `${one.format} ${one.capability}`,
    ).toContain(one.level);
  const known = new Set(declared.map(({ format, capability }) => `${format} ${capability}`));
  expect(formatProofs.filter(({ format, capability }) => !known.has(`${format} ${capability}`))).toEqual([]);
});
