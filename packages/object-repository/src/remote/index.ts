export { MAX_SEALED_BYTES } from '../store/get-listed.ts';
export {
  type AttemptOptions,
  type AttemptServices,
  type Attempts,
  createAttempts,
  type Request,
} from './attempts.ts';
export { collectBody, type ExpectedBody } from './collect-body.ts';
export { type CreateOnce, type Creation, createOnce } from './create-once.ts';
export { joinPieces } from './join-pieces.ts';
export {
  checkedListing,
  type ListedFields,
  type ListingRules,
  type NamedObject,
  namedObject,
  nextPage,
} from './listing.ts';
export { isObjectPrefix, type ObjectNames, objectNames } from './object-names.ts';
export { type AnnouncedBody, emptyRange, expectedLength, isEmptyRange, streamPieces } from './read-object.ts';
export { MAX_OBJECT_BYTES, requestOptions } from './request-options.ts';
export { type SendPart, sendInParts } from './send-in-parts.ts';
export {
  commonRules,
  type FailedRequest,
  retryAfterMs,
  type ServiceAnswer,
  type StoreRule,
  storeFailure,
} from './store-failure.ts';
export { wholeSecond } from './whole-second.ts';
