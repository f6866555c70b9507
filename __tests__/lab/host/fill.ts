import type { Said } from '../ground/command.ts'
import type { ExecOptions } from './machine.ts'

type Exec = (argv: readonly [string, ...string[]], options?: ExecOptions) => Promise<Said>

const FILE = '.lab-fills-the-disk'

/** First what can be had at once, then block by block until not one is left. */
const FILL = `
set -eu
cd "$1"
case $(stat -f -c %T .) in ext2/ext3 | overlayfs) ;; *) echo "$1 is on no disk of the machine" >&2; exit 1 ;; esac
[ "$(stat -f -c %a .)" -eq 0 ] || fallocate -l "$(($(stat -f -c '%a * %S' .)))" ${FILE} 2>/dev/null || true
while dd if=/dev/zero bs=64k count=1024 oflag=append conv=notrunc of=${FILE} 2>/dev/null; do :; done
while dd if=/dev/zero bs=4k count=1 oflag=append conv=notrunc of=${FILE} 2>/dev/null; do :; done
`

export async function fillDisk(exec: Exec, path: string): Promise<void> {
  const said = await exec(['sh', '-c', FILL, 'sh', path])
  if (said.code !== 0) throw new Error(`${path} could not be filled: ${said.stderr.trim()}`)
}

export async function freeDisk(exec: Exec, path: string): Promise<void> {
  const said = await exec(['rm', '-f', `${path}/${FILE}`])
  if (said.code !== 0) throw new Error(`${path} could not be freed: ${said.stderr.trim()}`)
}
