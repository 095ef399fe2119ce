import type { FileSystemReader, OpenVolume, VolumeAccess } from '@sendense/file-restore';

/** What a way has for a volume, or what it lacks. */
export type VolumeOffer =
  | { readonly reader: FileSystemReader; readonly reason: string; readonly why?: undefined }
  | { readonly reader?: undefined; readonly why: string };

/** A way: what it has for volumes, by their ids. It is asked once, for all that no way before it reads. */
export type Way = {
  readonly way: VolumeAccess;
  readonly offersFor: (volumes: readonly OpenVolume[]) => Promise<ReadonlyMap<string, VolumeOffer>>;
};

const NONE = 'no way that is allowed reads it';

/** Each volume by the first way that has a reader for it, with what the ways before it lack. */
export async function chooseWays(
  volumes: readonly OpenVolume[],
  ways: readonly Way[],
): Promise<readonly OpenVolume[]> {
  const chosen = new Map(volumes.map((open) => [open, notRead(open)]));
  for (const { way, offersFor } of ways) {
    const unread = volumes.filter((open) => chosen.get(open)?.reader === undefined);
    const offers = unread.length === 0 ? undefined : await offersFor(unread);
    for (const open of unread) {
      const sofar = chosen.get(open) ?? notRead(open);
      chosen.set(open, withOffer(sofar, way, offers?.get(open.volume.id) ?? { why: 'it was not tried' }));
    }
  }
  return [...chosen.values()];
}

/** What is read in process: each volume brings it along. */
export function inProcessOffers(volumes: readonly OpenVolume[]): ReadonlyMap<string, VolumeOffer> {
  return new Map(volumes.map((open) => [open.volume.id, inProcessOffer(open)]));
}

function inProcessOffer({ reader, choice }: OpenVolume): VolumeOffer {
  if (reader !== undefined) return { reader, reason: choice.reason };
  return { why: choice.missing.map(({ why }) => why).join('; ') };
}

function notRead(open: OpenVolume): OpenVolume {
  const volume = { ...open.volume, access: null };
  return { ...open, volume, reader: undefined, choice: { reason: NONE, missing: [] } };
}

function withOffer(open: OpenVolume, way: VolumeAccess, offer: VolumeOffer): OpenVolume {
  const { missing } = open.choice;
  if (offer.reader === undefined)
    return { ...open, choice: { reason: NONE, missing: [...missing, { way, why: offer.why }] } };
  const { reader, reason } = offer;
  return { ...open, volume: { ...open.volume, access: way }, reader, choice: { reason, missing } };
}
