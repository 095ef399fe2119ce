import { errorFromJson, type SendenseError } from '@sendense/core';

/** What the server tells of a failure: of a request, or of a job. */
export type ToldFailure = {
  readonly code: string;
  readonly message: string;
  readonly remedy?: string | null | undefined;
};

/** What `errorFromJson` takes; a sentence for a person is shorter. */
const MOST_OF_MESSAGE = 16_384;
const MOST_OF_REMEDY = 4096;

/**
 * The failure that the server tells, with what the client knows `besides`. A code of a newer server becomes `UNEXPECTED` and keeps its
 * retry advice; texts that are too long are cut.
 */
export function toldError({ remedy, ...failure }: ToldFailure, besides: object): SendenseError {
  return errorFromJson({
    ...failure,
    ...besides,
    message: failure.message.slice(0, MOST_OF_MESSAGE),
    ...(typeof remedy === 'string' && { remedy: remedy.slice(0, MOST_OF_REMEDY) }),
  });
}
