import type { Agent } from 'undici';
import { createTrustedAgent, type TrustedAgent } from './trusted-agent.ts';

/**
 * Connections to the hosts that a server names: ESXi hosts, whose certificate the server vouches for by its thumbprint. One that it
 * says nothing of is trusted as the server itself is. Disposing closes those to hosts.
 */
export class HostAgents implements AsyncDisposable {
  readonly #server: { readonly origin: string; readonly agent: Agent };
  readonly #hosts = new Map<string, TrustedAgent>();

  constructor(server: { readonly origin: string; readonly agent: Agent }) {
    this.#server = server;
  }

  /** Whether an address is of the server itself: only there its session is shown. */
  isServer(url: URL): boolean {
    return url.origin === this.#server.origin;
  }

  /** Connections for an address. Throws `CONFIG_INVALID` for a thumbprint that is none. */
  of(url: URL, thumbprint: string | undefined): Agent {
    if (this.isServer(url) || thumbprint === undefined) return this.#server.agent;
    const key = `${url.origin} ${thumbprint}`;
    const known = this.#hosts.get(key) ?? createTrustedAgent({ thumbprint });
    this.#hosts.set(key, known);
    return known.calls;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#hosts.values()].flatMap(({ calls, waiting }) => [calls, waiting]);
    await Promise.all(all.map((agent) => agent.destroy()));
  }
}
