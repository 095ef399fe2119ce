import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A way to a server that breaks off when it has carried some bytes of its answers. */
export class CuttingProxy implements AsyncDisposable {
  /** How many bytes each connection still carries, the next one first; those after them are not cut. */
  readonly cuts: number[] = [];
  /** Bytes of answers that were carried. */
  carried = 0;
  connections = 0;
  /** Connections that have not ended. */
  open = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(target: string) {
    const { hostname, port } = new URL(target);
    this.#server = createServer((client) => this.#join(client, connect(Number(port), hostname)));
  }

  /** Begins to listen; its URL. */
  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #join(client: Socket, server: Socket): void {
    this.connections += 1;
    this.open += 1;
    client.once('close', () => {
      this.open -= 1;
    });
    let left = this.cuts.shift() ?? Number.POSITIVE_INFINITY;
    const end = () => {
      client.destroySoon();
      server.destroy();
    };
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', end).on('close', end);
    }
    client.pipe(server);
    server.on('data', (bytes: Buffer) => {
      const carried = bytes.subarray(0, left);
      this.carried += carried.length;
      left -= carried.length;
      if (!client.write(carried)) server.pause();
      // what was carried arrives before the connection breaks
      if (left === 0) end();
    });
    client.on('drain', () => server.resume());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
