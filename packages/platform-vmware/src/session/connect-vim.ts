import { type Call, type Secret, SendenseError } from '@sendense/core';
import { systemTimer, type Timer } from '@sendense/plugin-kit';
import { SoapChannel } from '../http/soap-channel.ts';
import { createTrustedAgent, type VimTrust } from '../http/trusted-agent.ts';
import { parseVimAddress } from './vim-address.ts';
import type { VimClient } from './vim-client.ts';
import { VimSession } from './vim-session.ts';

/** How to reach a vCenter or ESXi. */
export type VimOptions = VimTrust & {
  /** `vc.example`, `vc.example:8443` or `https://vc.example`. */
  readonly address: string;
  /** E.g. `backup@vsphere.local`, or `root` on an ESXi. */
  readonly user: string;
  readonly password: Secret;
  /** The longest silence of the server, at least 30 s; default 120 s: inventories of thousands of machines take their time. */
  readonly requestTimeoutMs?: number;
  /** How often the session is used at least; default 5 min: vCenter ends one that is idle for 30 min. */
  readonly keepAliveMs?: number;
  readonly timer?: Timer;
};

/** News of tasks may come no sooner than after 20 s, and the answer needs time itself. */
const LEAST_TIMEOUT_MS = 30_000;

/**
 * Logs in. Rejects with `AUTHENTICATION_FAILED`, `UNTRUSTED_PEER` for a certificate that is self-signed, expired or for another
 * host and that neither `caPem` nor `thumbprint` vouches for, `CONNECTION_LOST`, `PROTOCOL_VIOLATION`.
 */
export async function connectVim(options: VimOptions, call?: Call): Promise<VimClient> {
  const { requestTimeoutMs = 120_000, keepAliveMs = 300_000, timer = systemTimer, user, password } = options;
  if (options.caPem !== undefined && options.thumbprint !== undefined) throw bothTrusts();
  if (!(requestTimeoutMs >= LEAST_TIMEOUT_MS)) throw tooImpatient();
  const url = parseVimAddress(options.address);
  const channel = new SoapChannel(createTrustedAgent(options), url, requestTimeoutMs);
  try {
    const session = new VimSession(channel, { host: url.host, user, password });
    await session.open(call);
    session.keepAlive(timer, keepAliveMs);
    return session;
  } catch (error) {
    await channel[Symbol.asyncDispose]();
    throw error;
  }
}

function tooImpatient(): SendenseError {
  return new SendenseError('CONFIG_INVALID', `requestTimeoutMs is less than ${LEAST_TIMEOUT_MS}`, {
    operation: 'connect-vim',
    remedy: `give at least ${LEAST_TIMEOUT_MS}: the server is silent for 20 s while a task runs`,
  });
}

function bothTrusts(): SendenseError {
  return new SendenseError('CONFIG_INVALID', 'both caPem and thumbprint are given', {
    operation: 'connect-vim',
    remedy: 'give the certificate of the authority, or the thumbprint of the server',
  });
}
