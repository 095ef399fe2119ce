import { type ErrorCode, SendenseError } from '@sendense/core';

type Rule = {
  /** Tested on what virsh printed after `error: `. */
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly remedy?: string;
};

const RIGHTS =
  'let the user connect to libvirt (group libvirt, or a polkit rule), and QEMU write to the scratch folder';

/**
 * What libvirt says and what it means. virsh prints no number of an error; the texts in front of the colon are those of
 * libvirt's virErrorMsg (src/util/virerror.c), untranslated because the session runs in the C locale.
 */
const RULES: readonly Rule[] = [
  { pattern: /checkpoint inconsistent|missing or broken bitmap/i, code: 'CHANGE_TRACKING_LOST' },
  {
    pattern: /another backup job|backup job .*already|job is active|block copy|in active block job/i,
    code: 'LOCKED',
    remedy: 'repeat when the other job on the machine has ended',
  },
  {
    pattern: /cannot acquire state change lock/i,
    code: 'LOCKED',
    remedy: 'repeat when libvirt is less busy',
  },
  {
    pattern: /guest agent|domain is not running the agent|fsfreeze|fsthaw/i,
    code: 'QUIESCE_FAILED',
    remedy: 'install and start qemu-guest-agent in the guest, and give the domain its channel',
  },
  { pattern: /moment .* already exists|already exists|bitmap already exists/i, code: 'ALREADY_EXISTS' },
  {
    pattern: /no domain with matching|failed to get domain|domain not found|no domain (?:backup|checkpoint)/i,
    code: 'NOT_FOUND',
    remedy: 'name a domain that virsh list --all shows',
  },
  { pattern: /checkpoint not found|no .*checkpoint|bitmap .* not found/i, code: 'NOT_FOUND' },
  { pattern: /domain is not running|inactive domain|no job is active|not active/i, code: 'NOT_OPEN' },
  { pattern: /authentication (?:failed|unavailable)/i, code: 'AUTHENTICATION_FAILED', remedy: RIGHTS },
  {
    pattern: /access denied|permission denied|operation not permitted|read only access|avc:/i,
    code: 'PERMISSION_DENIED',
    remedy: RIGHTS,
  },
  { pattern: /no space left/i, code: 'NO_SPACE', remedy: 'make room in the scratch folder, or name another' },
  { pattern: /timed out/i, code: 'TIMEOUT', remedy: 'check whether the machine or its storage hangs' },
  {
    pattern:
      /failed to connect|cannot connect|connection (?:reset|refused)|end of file while reading|client socket is closed|broken pipe|disconnected from/i,
    code: 'CONNECTION_LOST',
    remedy: 'check that libvirtd (or virtqemud) runs and that the URI is right',
  },
  {
    pattern: /not supported|unsupported|unknown command|this function is not supported/i,
    code: 'UNSUPPORTED',
    remedy: 'use libvirt 7.6 and QEMU 6.1 or later',
  },
];

/** The SendenseError of a command that libvirt refused with `text`, what virsh printed on its standard error. */
export function mapVirshError(text: string, command: string): SendenseError {
  const sentence = text
    .split('\n')
    .flatMap((line) => /^error: (.*)$/.exec(line)?.[1] ?? [])
    .filter((line) => !/^Failed to \w+ checkpoint|^failed to connect to the hypervisor$/.test(line))
    .join('; ')
    .slice(0, 1000);
  const rule = RULES.find(({ pattern }) => pattern.test(sentence === '' ? text : sentence));
  const said = sentence === '' ? text.trim().slice(0, 1000) || 'it gave no reason' : sentence;
  return new SendenseError(rule?.code ?? 'UNEXPECTED', `libvirt refused ${command}: ${said}`, {
    operation: command,
    ...(rule?.remedy === undefined ? {} : { remedy: rule.remedy }),
  });
}
