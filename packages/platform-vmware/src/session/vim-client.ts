import type { Call } from '@sendense/core';
import type { XmlElement } from '@sendense/plugin-kit/xml';
import type { AutomationAsk } from '../automation/index.ts';
import type { RangeAnswer, RangeMessage } from '../http/fetch-range.ts';
import type { StreamAnswer, StreamMessage } from '../http/open-stream.ts';
import type { TransferAnswer, TransferMessage } from '../http/transfer-file.ts';
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
export type FileRange = Omit<RangeMessage, 'cookie' | 'host'>;

/** A part of a file that a host gives to a ticket, its `cookie`. */
export type HostRange = RangeMessage & Required<Pick<RangeMessage, 'host'>>;

/** A body of the server, or of a host that it names. */
export type StreamRequest = Omit<StreamMessage, 'cookie'>;

/** A file to send, or to remove. */
export type FileTransfer = Omit<TransferMessage, 'cookie'>;

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
   * Runs requests of the automation API (REST) of a vCenter, with the same account and trust, in a session of their own that is closed at
   * the end. Rejects with `UNSUPPORTED` where the server has none, as an ESXi, `AUTHENTICATION_FAILED`, `PERMISSION_DENIED`, `NOT_FOUND`,
   * `CONFIG_INVALID` for what is not taken, `PROTOCOL_VIOLATION`, `CONNECTION_LOST`.
   */
  inAutomation<T>(run: (ask: AutomationAsk) => Promise<T>, call?: Call): Promise<T>;
  /**
   * Reads a part of a file with the session, which is opened again, once, when the server answers 401. Resolves with whatever
   * status the server gives.
   */
  fetchRange(range: FileRange, call?: Call): Promise<RangeAnswer>;
  /** Reads a part of a file from a host, which is shown the ticket and no session. Resolves with whatever status it gives. */
  fetchFromHost(range: HostRange, call?: Call): Promise<RangeAnswer>;
  /** Reads a body from its start, with the session as `fetchRange` does where it is of the server itself. */
  openStream(stream: StreamRequest, call?: Call): Promise<StreamAnswer>;
  /**
   * Sends a file with the session, as it is: what was sent cannot be sent again, so nothing is repeated. Resolves with whatever status
   * comes back.
   */
  transfer(file: FileTransfer, call?: Call): Promise<TransferAnswer>;
}
