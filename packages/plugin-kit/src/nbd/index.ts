export { type Abandonable, abandonedError, leftError, runAbandonable } from './abandon-change.ts';
export { ChangesUnderWay } from './changes-under-way.ts';
export { hungUpAfterTls } from './hung-up-after-tls.ts';
export { type FailedRequest, mapOptionError, mapRequestError, mapSocketError } from './map-nbd-error.ts';
export { nameNbdExport } from './name-nbd-export.ts';
export { errnoName, NbdErrno, OptionReplyType } from './numbers.ts';
export { violation } from './violation.ts';
