import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a test wants of the plugin. */
export type StandInWish = {
  /** A raw file with the bytes of the disk. */
  readonly image: string;
  readonly password: string;
  /** The plugin refuses to open its disk. */
  readonly refuses?: boolean;
};

/** What nbdkit was started with, as it looks from outside. */
export type SeenStart = { readonly args: readonly string[]; readonly environment: string };

/**
 * An nbdkit whose `vddk` plugin is a script: the arguments go through nbdkit's own parser, as those of VMware's plugin would. The plugin
 * wants the parameters that nbdkit-vddk-plugin(1) wants and no others, and the password by a descriptor. It calls all of the disk a hole, as
 * VDDK does with what it takes for never written.
 */
export async function nbdkitStandIn({ image, password, refuses = false }: StandInWish) {
  const folder = await mkdtemp(join(tmpdir(), 'sendense-stand-in-'));
  const [program, plugin, log] = ['nbdkit', 'vddk', 'started'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const wrapper = `#!/bin/bash
printf '%s\\n' "$@" > ${log}.args
tr '\\0' '\\n' < /proc/$$/environ > ${log}.environment
unset LD_LIBRARY_PATH
arguments=()
for argument in "$@"; do
  if [ "$argument" = vddk ]; then arguments+=(sh ${plugin}); else arguments+=("$argument"); fi
done
exec nbdkit "\${arguments[@]}"
`;
  const script = `#!/bin/bash
state=${folder}/config
case "$1" in
  magic_config_key) echo file ;;
  config)
    case "$2" in
      libdir|server|port|user|thumbprint|vm|snapshot|transports|file) echo "$2=$3" >> $state ;;
      password)
        case "$3" in -[0-9]*) ;; *) echo "the password comes by no descriptor" >&2; exit 1 ;; esac
        descriptor="\${3#-}"
        [ "$(cat <&"$descriptor")" = '${password}' ] || { echo "the password is wrong" >&2; exit 1; } ;;
      *) echo "unknown parameter: $2" >&2; exit 1 ;;
    esac ;;
  config_complete)
    for key in libdir server user thumbprint vm snapshot file; do
      grep -q "^$key=" $state || { echo "missing parameter: $key" >&2; exit 1; }
    done ;;
  thread_model) echo serialize_all_requests ;;
  open) ${refuses ? "echo 'VixDiskLib: the license does not allow it' >&2; exit 1" : 'echo handle'} ;;
  get_size) stat -L -c %s ${image} ;;
  pread) dd if=${image} iflag=skip_bytes,count_bytes,fullblock skip=$4 count=$3 bs=65536 status=none ;;
  can_extents) exit 0 ;;
  extents) echo "$4 $3 hole,zero" ;;
  can_write|can_flush|can_trim|can_zero) exit 3 ;;
  unload) rm -f $state ;;
  *) exit 2 ;;
esac
`;
  await writeFile(program, wrapper);
  await writeFile(plugin, script);
  await Promise.all([program, plugin].map((file) => chmod(file, 0o755)));
  return {
    program,
    seen: async (): Promise<SeenStart> => ({
      args: (await readFile(`${log}.args`, 'utf8')).trimEnd().split('\n'),
      environment: await readFile(`${log}.environment`, 'utf8'),
    }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
