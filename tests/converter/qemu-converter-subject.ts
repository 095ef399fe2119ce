import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DiskFormat, FormatConverter, FormatPair } from '@sendense/core';
import type { ConverterFixture, ConverterSubject } from '@sendense/testkit';
import { execa } from 'execa';
import { qemuName } from './qemu-name.ts';

/** Makes the converter under test for the files of one folder. */
export type ConverterOfFolder = (folder: string) => FormatConverter;

/** VHD without this gets the size of its geometry. */
function optionsOf(format: DiskFormat): readonly string[] {
  return format === 'vhd' ? ['-o', 'force_size=on'] : [];
}

async function openFolder(create: ConverterOfFolder): Promise<ConverterFixture> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'sendense-converter-')));
  const path = (name: string) => join(folder, name);
  let made = 0;
  return {
    converter: create(folder),
    path,
    async make(format, content) {
      const raw = path(`raw-${made++}`);
      await writeFile(raw, content.bytes());
      if (format === 'raw') return raw;
      const image = path(`source-${made++}`);
      const options = ['-f', 'raw', '-O', qemuName(format), ...optionsOf(format)];
      await execa('qemu-img', ['convert', ...options, raw, image]);
      await rm(raw);
      return image;
    },
    async read(image, format) {
      if (format === 'raw') return await readFile(image);
      const raw = join(tmpdir(), `sendense-read-${process.pid}-${made++}`);
      try {
        await execa('qemu-img', ['convert', '-f', qemuName(format), '-O', 'raw', image, raw]);
        return await readFile(raw);
      } finally {
        await rm(raw, { force: true });
      }
    },
    async files() {
      const digests = new Map<string, string>();
      for (const entry of (await readdir(folder, { withFileTypes: true })).toSorted(byName)) {
        const bytes = entry.isFile() ? await readFile(path(entry.name)) : 'folder';
        digests.set(entry.name, createHash('sha256').update(bytes).digest('hex'));
      }
      return digests;
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}

/** A converter for the conformance suite, whose sources `qemu-img` makes and whose targets it reads. */
export function qemuConverterSubject(
  name: string,
  pairs: readonly FormatPair[],
  create: ConverterOfFolder,
): ConverterSubject {
  return { name, pairs, open: () => openFolder((folder) => ({ ...create(folder), pairs })) };
}
