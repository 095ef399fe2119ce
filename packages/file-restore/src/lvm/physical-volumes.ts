import type { Finding } from '@sendense/core';
import type { PhysicalVolume } from './physical-volume.ts';

/** Metadata texts that are kept of one point: those of one group are the same on all its physical volumes. */
const MOST_TEXT_CHARACTERS = 64 * 1024 * 1024;

/** Where a physical volume lies on its disk, in bytes, and the name of the partition or disk. */
export type PhysicalPlace = {
  readonly name: string;
  readonly disk: string;
  readonly offset: number;
  readonly length: number;
};

/** The physical volumes of a point: none that lies over another one or has the id of another one, and bounded metadata. */
export class PhysicalVolumes {
  readonly volumes: PhysicalVolume[] = [];
  readonly findings: Finding[] = [];
  readonly #places: PhysicalPlace[] = [];
  readonly #texts = new Map<string, string>();
  #characters = 0;

  /** Takes in a physical volume, or tells why it is not used. */
  add(volume: PhysicalVolume, place: PhysicalPlace): void {
    const other = this.#places.find((known) => isOver(known, place));
    if (other !== undefined) {
      this.#tell(`physical volume ${place.name} is not used: it lies over ${other.name}`, place.name);
      return;
    }
    if (this.volumes.some(({ id }) => id === volume.id)) {
      this.#tell(`physical volume ${place.name} is not used: another one has the same id`, place.name);
      return;
    }
    if (volume.damagedAreas > 0)
      this.findings.push({
        severity: 'warning',
        code: 'lvm-metadata-damaged',
        message: `${volume.damagedAreas} copies of the LVM metadata on physical volume ${place.name} are damaged`,
        object: place.name,
      });
    this.#places.push(place);
    this.volumes.push({ ...volume, text: this.#keep(volume.text, place.name) });
  }

  #keep(text: string | undefined, name: string): string | undefined {
    if (text === undefined) return undefined;
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#characters + text.length > MOST_TEXT_CHARACTERS) {
      this.#tell(`the metadata of physical volume ${name} is not read: there is too much of it`, name);
      return undefined;
    }
    this.#characters += text.length;
    this.#texts.set(text, text);
    return text;
  }

  #tell(message: string, object: string): void {
    this.findings.push({ severity: 'warning', code: 'volume-unreadable', message, object });
  }
}

function isOver(a: PhysicalPlace, b: PhysicalPlace): boolean {
  return a.disk === b.disk && a.offset < b.offset + b.length && b.offset < a.offset + a.length;
}
