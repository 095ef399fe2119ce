import { Secret, throwIfAborted } from '@sendense/core';
import type { RangeAnswer, RangeMessage } from '../../src/http/fetch-range.ts';
import type { StreamAnswer, StreamMessage } from '../../src/http/open-stream.ts';
import type { JsonAnswer, JsonMessage } from '../../src/http/send-json.ts';
import type { SoapMessage, SoapSender } from '../../src/http/soap-channel.ts';
import { VimSession } from '../../src/session/vim-session.ts';
import { simulatorReply } from './replies.ts';

const CONTENT = `<RetrieveServiceContentResponse><returnval><rootFolder type="Folder">root</rootFolder>
<propertyCollector type="PropertyCollector">pc</propertyCollector><viewManager type="ViewManager">vm</viewManager>
<about><apiVersion>8.0.2.0</apiVersion><apiType>VirtualCenter</apiType></about>
<sessionManager type="SessionManager">sm</sessionManager><searchIndex type="SearchIndex">si</searchIndex></returnval></RetrieveServiceContentResponse>`;

/** The password that is logged in with. */
export const PASSWORD = 'hidden-word';

/** Bodies of answers by method; one that is not told is answered without a value. */
export type Script = Readonly<Record<string, (message: SoapMessage) => string>>;

/**
 * A session whose channel answers by a script and writes down what was sent. A cookie of `cookies` comes with that method; `files`
 * answers for files, `streams` for bodies, `json` for requests of the automation API.
 */
export function scripted(
  script: Script,
  cookies: Readonly<Record<string, string>> = {},
  files: (message: RangeMessage) => RangeAnswer = () => ({
    status: 404,
    fileBytes: undefined,
    retryAfterMs: undefined,
  }),
  streams: (message: StreamMessage) => StreamAnswer = () => ({ status: 404, body: nothing() }),
  json: (message: JsonMessage) => JsonAnswer = () => ({ status: 404, text: '' }),
) {
  const sent: SoapMessage[] = [];
  let logins = 0;
  const channel: SoapSender = {
    async send(message, call) {
      throwIfAborted(call?.signal, `vim-${message.method}`);
      sent.push(message);
      const { method } = message;
      if (method === 'Login') logins += 1;
      const body =
        method === 'RetrieveServiceContent' ? CONTENT : (script[method]?.(message) ?? `<${method}Response/>`);
      // who is cancelled while the server works does not get its answer
      throwIfAborted(call?.signal, `vim-${method}`);
      const cookie = method === 'Login' ? `vmware_soap_session=${logins}` : cookies[method];
      return { status: body.includes('Fault') ? 500 : 200, text: simulatorReply(body), cookie };
    },
    sendJson: async (message) => json(message),
    fetchRange: async (message) => files(message),
    transfer: async () => ({ status: 404, text: '' }),
    openStream: async (message) => streams(message),
    [Symbol.asyncDispose]: async () => undefined,
  };
  const account = { host: 'vc.example', user: 'u', password: new Secret(PASSWORD) };
  const session = new VimSession(channel, account);
  return { session, sent, methods: () => sent.map(({ method }) => method) };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** A refusal of that type; `detail` are its fields. */
export function faultReply(name: string, detail = ''): string {
  return `<Fault><faultstring>no</faultstring><detail><${name}Fault>${detail}</${name}Fault></detail></Fault>`;
}

/** The answers while a task is waited for, of which each is an update in turn; then there is no news. */
export function taskScript(updates: readonly string[]): Script {
  const left = [...updates];
  return {
    CreatePropertyCollector: () =>
      '<CreatePropertyCollectorResponse><returnval type="PropertyCollector">own</returnval></CreatePropertyCollectorResponse>',
    WaitForUpdatesEx: () => left.shift() ?? '<WaitForUpdatesExResponse/>',
  };
}

/** A property that has changed. */
export function change(name: string, value: string): string {
  return `<changeSet><name>${name}</name><op>assign</op><val>${value}</val></changeSet>`;
}

/** News of a task. */
export function update(version: number, changes: string): string {
  return `<WaitForUpdatesExResponse><returnval><version>${version}</version><filterSet><objectSet>${changes}</objectSet></filterSet></returnval></WaitForUpdatesExResponse>`;
}

/** The end of a task by a fault. */
export function failedTask(name: string, fields = ''): string {
  const fault = `<fault xmlns:i="x" i:type="${name}">${fields}</fault><localizedMessage>no</localizedMessage>`;
  return update(1, change('info.state', 'error') + change('info.error', fault));
}
