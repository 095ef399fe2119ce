import { childOf, textOf, type XmlElement } from '@sendense/plugin-kit/xml';
import { flagIn, integerIn, itemsOf } from '../soap/read-element.ts';

/** A device of a lease, and where its bytes are given or taken. */
export type LeaseDevice = {
  /** `/vm-42/ParaVirtualSCSIController0:1`: names the device of the machine. */
  readonly key: string;
  /** Of an import: the device by the names of its specification. */
  readonly importKey: string;
  /** Its host is the server's where the server leaves it open by `*`. */
  readonly url: URL;
  /** Of the certificate of that host; `undefined` where the server vouches for none. */
  readonly thumbprint: string | undefined;
  readonly isDisk: boolean;
};

/** What a lease that is ready tells. */
export type LeaseInfo = {
  /** Without progress for so long the server ends it. */
  readonly timeoutMs: number;
  readonly devices: readonly LeaseDevice[];
};

/** The time-out of a server that tells none. */
const USUAL_TIMEOUT_S = 300;

/** Reads `HttpNfcLease.info`. `server` is the address that the client is connected to. A device without a good address is left out. */
export function parseLeaseInfo(info: XmlElement | undefined, server: string): LeaseInfo {
  const seconds = integerIn(info, 'leaseTimeout') ?? 0;
  return {
    timeoutMs: (seconds > 0 ? seconds : USUAL_TIMEOUT_S) * 1000,
    devices: itemsOf(info, 'deviceUrl').flatMap((device) => {
      const url = urlOf(textOf(device, 'url') ?? '', server);
      const thumbprint = textOf(device, 'sslThumbprint') || undefined;
      const isDisk = childOf(device, 'disk') === undefined || flagIn(device, 'disk');
      const key = textOf(device, 'key') ?? '';
      const importKey = textOf(device, 'importKey') ?? '';
      return url === null ? [] : [{ key, importKey, url, thumbprint, isDisk }];
    }),
  };
}

/** `*` stands for the host that the client is connected to, with its port where none follows. */
function urlOf(text: string, server: string): URL | null {
  const open = /^(https?:\/\/)\*(:\d+)?(\/.*)?$/.exec(text);
  if (open === null) return URL.parse(text);
  const [, scheme = '', port, path = '/'] = open;
  const host = port === undefined ? server : `${server.replace(/:\d+$/, '')}${port}`;
  return URL.parse(`${scheme}${host}${path}`);
}
