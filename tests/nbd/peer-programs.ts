import { type Peer, peerEnvironment, readPeers } from '../peer-list.ts';

/** Which QEMU: the machine's own, or one that knows extended headers (peer `qemu-recent`). */
export type QemuChoice = { readonly recent?: boolean };

let recent: Peer | undefined;

/** The environment in which `qemu-nbd`, `qemu-img` and `qemu-io` are those of the choice. */
export function qemuEnvironment(choice: QemuChoice = {}): NodeJS.ProcessEnv {
  if (choice.recent !== true) return process.env;
  recent ??= readPeers().find(({ name }) => name === 'qemu-recent');
  if (recent === undefined) throw new TypeError('tests/peers.json has no row "qemu-recent"');
  return peerEnvironment(recent);
}
