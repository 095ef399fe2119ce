import type { ByteSource } from '../bytes/byte-source.ts';
import type { NameForm } from './iso-name.ts';

/** How system use areas are read. */
export type SharingProtocol = {
  /** Bytes at the begin of each area that belong to another standard. */
  readonly skippedBytes: number;
  /** The same in the record that the root has of itself. */
  readonly rootSkippedBytes: number;
  /** Which of the extensions of the volume is Rock Ridge, from 0. */
  readonly rockRidge: number;
};

/** A disc by one of its trees. */
export type IsoVolume = {
  readonly source: ByteSource;
  readonly blockBytes: number;
  /** The number of this disc in its set. */
  readonly volumeNumber: number;
  /** Where the root folder begins. */
  readonly rootAt: number;
  readonly form: NameForm;
  readonly sharing: SharingProtocol;
};
