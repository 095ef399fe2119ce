import type { Call } from '@sendense/core';
import type { XmlElement } from '@sendense/plugin-kit/xml';
import type { RangeAnswer, RangeMessage } from '../http/fetch-range.ts';
import type { ManagedObject, VimField } from '../soap/vim-value.ts';
import type { ServiceContent } from './service-content.ts';

/**
 * Calls `method` of `target` with parameters in the order of the WSDL, and resolves with the element of the reply, whose
 * children are named `returnval`. Rejects with the fault as a `SendenseError`.
 */
export type VimInvoke = (
  method: string,
  target: ManagedObject,
  fields?: readonly VimField[],
  call?: Call,
) => Promise<XmlElement>;

/** A part of a file of a datastore. */
export type FileRange = Omit<RangeMessage, 'cookie'>;

/** A session with a vCenter or ESXi. Disposing logs out. */
export interface VimClient extends AsyncDisposable {
  /** The server as errors name it, e.g. `vc.example`. */
  readonly host: string;
  readonly content: ServiceContent;
  /** A text of the server without the password, which a hostile one could repeat: what it says ends in logs. */
  readonly redact: (text: string) => string;
  /** One call. When the session has ended it is opened again and the call repeated: the server did not carry it out. */
  readonly invoke: VimInvoke;
  /**
   * Runs calls that hang together by objects that live as long as the session (views, filters, pages). When it ends
   * meanwhile, a new one is opened and `run` is started again, once: it must only read.
   */
  inOneSession<T>(run: (invoke: VimInvoke) => Promise<T>, call?: Call): Promise<T>;
  /**
   * Reads a part of a file with the session, which is opened again, once, when the server answers 401. Resolves with whatever
   * status the server gives.
   */
  fetchRange(range: FileRange, call?: Call): Promise<RangeAnswer>;
}
