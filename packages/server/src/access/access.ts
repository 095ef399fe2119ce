import type { Principal } from './principal.ts';

/** Tells who calls. */
export interface Access {
  /**
   * Whether callers have to prove who they are: an issuer is configured, or tokens were ever made. Once `true` it stays so while the
   * server runs, so that a folder of tokens that was removed does not open the server.
   */
  isGuarded(): Promise<boolean>;
  /**
   * The caller behind the value of an `Authorization` header. Rejects with `AUTHENTICATION_FAILED` (401) when there is none or it is
   * refused; with `CONNECTION_LOST`, `TIMEOUT` or `PROTOCOL_VIOLATION` and the advice `later` (503) when the issuer's keys cannot be
   * had; with `CORRUPT` (500) when the stored token is damaged.
   */
  authenticate(authorization: string | undefined, signal?: AbortSignal): Promise<Principal>;
}
