import type { Finding } from '@sendense/core';
import type { FileHandle } from '@sendense/plugin-kit/files';
import { FOOTER_BYTES } from './constants.ts';
import { parseFooter, type VhdFooter } from './footer.ts';
import { invalid } from './format-error.ts';

/** A footer, and where the part of the file ends that it is not in. */
export type FoundFooter = {
  readonly footer: VhdFooter;
  readonly contentBytes: number;
  readonly warnings: readonly Finding[];
};

/**
 * The footer of a VHD: the one at the end, or its copy at the front when that one is gone or damaged. Whichever of the two
 * is not as it should be is told.
 */
export async function findFooter(handle: FileHandle): Promise<FoundFooter> {
  const fileBytes = await handle.size();
  const end = await endFooter(handle, fileBytes);
  const front = await readFooter(handle, 0);
  if (typeof end.footer === 'object') {
    const { footer, contentBytes } = end;
    return { footer, contentBytes, warnings: footer.type === 'fixed' ? [] : copyWarnings(footer, front) };
  }
  if (typeof front === 'object' && front.type !== 'fixed') {
    const what = end.footer === 'damaged' ? 'damaged' : 'missing';
    const message = `the footer at the end of the file is ${what}: its copy at the front was used; the file may have been cut short`;
    const warning = { severity: 'warning', code: 'footer-damaged', message } as const;
    return { footer: front, contentBytes: fileBytes, warnings: [warning] };
  }
  throw invalid(
    end.footer === 'damaged' || front === 'damaged' ? 'its footer is damaged' : 'it has no footer',
  );
}

/** The footer at the end. Programs of 2004 and before wrote one that lacks its last byte, which is always zero. */
async function endFooter(handle: FileHandle, fileBytes: number) {
  const start = fileBytes - FOOTER_BYTES;
  const footer = start < 0 ? 'absent' : await readFooter(handle, start);
  if (footer !== 'absent') return { footer, contentBytes: start };
  const short = await readFooter(handle, Math.max(0, start + 1));
  return { footer: short, contentBytes: start + 1 };
}

async function readFooter(handle: FileHandle, position: number) {
  const bytes = new Uint8Array(FOOTER_BYTES);
  await handle.read(bytes, position);
  return parseFooter(bytes);
}

function copyWarnings(footer: VhdFooter, front: Awaited<ReturnType<typeof readFooter>>): Finding[] {
  const warn = (code: string, message: string): Finding[] => [{ severity: 'warning', code, message }];
  if (typeof front !== 'object')
    return warn('footer-copy-damaged', `the copy of the footer at the front is ${front}`);
  const isSame =
    front.uniqueId === footer.uniqueId &&
    front.currentBytes === footer.currentBytes &&
    front.type === footer.type;
  return isSame
    ? []
    : warn(
        'footer-copy-differs',
        'the copy of the footer at the front describes another disk: the one at the end was used',
      );
}
