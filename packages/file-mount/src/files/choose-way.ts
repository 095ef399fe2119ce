import type { FileSystemReader, OpenVolume, VolumeAccess, WayChoice } from '@sendense/file-restore';
import type { MountedFiles } from './mount-for-reading.ts';

/** What a way has for a volume, or what it lacks. */
type Offer =
  | { readonly reader: FileSystemReader; readonly reason: string; readonly why?: undefined }
  | { readonly reader?: undefined; readonly why: string };

/** Whether a volume is to be mounted, by the ways that are allowed, the preferred one first. */
export function wantsMount({ reader }: OpenVolume, ways: readonly VolumeAccess[]): boolean {
  const inProcess = ways.indexOf('in-process');
  const mounted = ways.indexOf('mounted');
  return mounted >= 0 && (reader === undefined || inProcess < 0 || mounted < inProcess);
}

/** A volume by the first way that has a reader for it. `mounted`: what came of mounting it, where that was wanted. */
export function chooseWay(
  open: OpenVolume,
  ways: readonly VolumeAccess[],
  mounted: MountedFiles | undefined,
): OpenVolume {
  const missing: WayChoice['missing'][number][] = [];
  for (const way of ways) {
    const offer = way === 'mounted' ? offerMounted(open, mounted) : offerInProcess(open);
    if (offer.reader === undefined) {
      missing.push({ way, why: offer.why });
      continue;
    }
    const { reader, reason } = offer;
    return { ...open, volume: { ...open.volume, access: way }, reader, choice: { reason, missing } };
  }
  const choice = { reason: 'no way that is allowed reads it', missing };
  return { ...open, volume: { ...open.volume, access: null }, reader: undefined, choice };
}

function offerInProcess({ reader, choice }: OpenVolume): Offer {
  if (reader !== undefined) return { reader, reason: choice.reason };
  return { why: choice.missing.map(({ why }) => why).join('; ') };
}

function offerMounted({ volume }: OpenVolume, mounted: MountedFiles | undefined): Offer {
  if (mounted?.reader === undefined) return { why: mounted?.why ?? 'it was not tried' };
  const driver = mounted.driver === 'kernel' ? 'the kernel' : mounted.driver;
  return { reader: mounted.reader, reason: `${volume.fileSystem} is mounted read-only, by ${driver}` };
}
