import { SendenseError } from '@sendense/core';

/** What a name stands for. */
export type PlaceUse = 'source' | 'repository' | 'target';

/** A name with its kind in front: `image:/disk.raw` is `image` and `/disk.raw`; without a kind, the kind is `null`. */
export type PlaceName = { readonly kind: string | null; readonly rest: string };

/** Splits `kind:rest`. Throws `CONFIG_INVALID` for an empty name, and for one that holds a credential. */
export function parsePlaceName(use: PlaceUse, text: string): PlaceName {
  const [, kind = null, rest = text] = /^([a-z][a-z0-9-]*):(.*)$/s.exec(text) ?? [];
  if (/\/\/[^/?&]*@/.test(rest) || /[?&](password|passphrase|secret|token|key|sig)=/i.test(rest))
    throw new SendenseError('CONFIG_INVALID', `the name of the ${use} holds a credential`, {
      operation: 'parse-name',
      remedy: 'give credentials by environment or by file; names are logged and shown',
    });
  if (rest !== '') return { kind, rest };
  throw new SendenseError('CONFIG_INVALID', `the ${use} has no path: ${JSON.stringify(text)}`, {
    operation: 'parse-name',
    remedy:
      use === 'repository'
        ? 'write a folder, dir:FOLDER, s3://BUCKET/PREFIX or azure://ACCOUNT/CONTAINER/PREFIX'
        : 'write image:FILE, or image:FOLDER/',
  });
}

/** The rest of a name of one of `kinds`; rejects another kind with `UNSUPPORTED`, naming those that are there. */
export function placeOf(use: PlaceUse, text: string, kinds: readonly (string | null)[]): string {
  const { kind, rest } = parsePlaceName(use, text);
  if (kinds.includes(kind)) return rest;
  const offers = kinds.map((offer) => (offer === null ? 'a path' : `${offer}:…`)).join(' or ');
  throw new SendenseError(
    'UNSUPPORTED',
    kind === null
      ? `a ${use} needs a kind in front: ${text}`
      : `no connector for ${kind}: as a ${use} is installed`,
    { operation: 'parse-name', remedy: `use ${offers}` },
  );
}
