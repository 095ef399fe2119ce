import { Command, CommandFlag, type HeaderStyle, NbdErrno, type NbdRequest } from '../../protocol/index.ts';
import type { OpenExport } from '../exports/open-export.ts';
import { failed, type Reply } from './reply.ts';

/** What the rules of the protocol depend on. */
export type Terms = {
  readonly entry: Pick<OpenExport, 'sizeBytes' | 'sizes' | 'readOnly'>;
  readonly style: HeaderStyle;
  /** Number of contexts that the client chose. */
  readonly contexts: number;
};

const CHANGES: ReadonlySet<number> = new Set([Command.write, Command.trim, Command.writeZeroes]);
const PAYLOADS: ReadonlySet<number> = new Set([Command.read, Command.write]);

/** The answer to a request that the protocol or the export forbids; `undefined` when it may be done. */
export function refusalOf(request: NbdRequest, terms: Terms): Reply | undefined {
  const { command, flags } = request;
  const allowed = allowedFlags(command, terms);
  if (allowed === undefined) return failed(NbdErrno.EINVAL, 'the server does not know this request');
  if ((flags & ~allowed) !== 0) return failed(NbdErrno.EINVAL, 'the request has a flag that it cannot have');
  if (CHANGES.has(command) && terms.entry.readOnly) return failed(NbdErrno.EPERM, 'the export is read-only');
  if (command === Command.flush) return undefined;
  if (command === Command.blockStatus && terms.contexts === 0) {
    return failed(NbdErrno.EINVAL, 'no context was chosen');
  }
  return rangeRefusal(request, terms);
}

/** Flags that a request may have; `undefined` for a request that is not known. */
function allowedFlags(command: number, { entry, style }: Terms): number | undefined {
  // Once offered, the protocol wants this flag taken with every request.
  const fua = entry.readOnly ? 0 : CommandFlag.fua;
  switch (command) {
    case Command.read:
      return fua | (style === 'simple' ? 0 : CommandFlag.dontFragment);
    case Command.write:
      return fua | (style === 'extended' ? CommandFlag.payloadLength : 0);
    case Command.writeZeroes:
      return fua | CommandFlag.noHole;
    case Command.blockStatus:
      return fua | CommandFlag.requestOne;
    case Command.flush:
    case Command.trim:
    case Command.cache:
      return fua;
    default:
      return undefined;
  }
}

function rangeRefusal({ command, offset, length }: NbdRequest, { entry }: Terms): Reply | undefined {
  const { sizeBytes, sizes } = entry;
  if (length === 0) return failed(NbdErrno.EINVAL, 'the request has no length');
  if (PAYLOADS.has(command) && length > sizes.maxBytes) {
    return failed(NbdErrno.EINVAL, `the request is longer than ${sizes.maxBytes} bytes`);
  }
  if (offset + length > sizeBytes) {
    const grows = command === Command.write || command === Command.writeZeroes;
    return failed(
      grows ? NbdErrno.ENOSPC : NbdErrno.EINVAL,
      'the request reaches past the end of the export',
    );
  }
  if (offset % sizes.minBytes !== 0 || length % sizes.minBytes !== 0) {
    return failed(NbdErrno.EINVAL, `the request is not aligned to ${sizes.minBytes} bytes`);
  }
  return undefined;
}
