/** What a request is made of. */
export type FetchInit = {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly redirect: 'manual';
  readonly signal: AbortSignal;
};

/** The part of the standard's `fetch` that the client uses. */
export type Fetch = (url: string, init: FetchInit) => Promise<Response>;
