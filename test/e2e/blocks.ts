import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { run } from '../cli/run.ts';

/**
 * What is wrong with a `fairlead.yaml` that a page shows: nothing, hopefully. Variables and files that it refers to
 * are there.
 */
export async function checkYaml(text: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-shown-'));
  try {
    const env: Record<string, string> = { HOME: folder };
    for (const [, name = ''] of text.matchAll(/\$\{env:([^}]+)\}/g)) env[name] = valueFor(name);
    const files = [...text.matchAll(/\$\{file:([^}]+)\}/g), ...text.matchAll(/^\s+secretFile: (\S+)/gm)];
    for (const [, name = ''] of files) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), valueFor(name));
    }
    writeTls(folder, parse(text)?.server?.tls);
    for (const [, name = ''] of text.matchAll(/^\s+directory: (\S+)/gm))
      for (const file of ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'onnx/model.onnx']) {
        mkdirSync(dirname(join(folder, name, file)), { recursive: true });
        writeFileSync(join(folder, name, file), '{}');
      }
    const policies = parse(text)?.policies?.folder;
    if (typeof policies === 'string') mkdirSync(join(folder, policies), { recursive: true });
    writeFileSync(join(folder, 'fairlead.yaml'), text);
    const { code, stdout, stderr } = await run(['config', 'check'], { env, cwd: folder });
    return code === 0 ? '' : `${stdout}${stderr}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A certificate and its key, made with openssl, under the names that the page gives them. */
function writeTls(folder: string, tls: { cert: string; key: string; clientCa?: string } | undefined): void {
  if (!tls) return;
  mkdirSync(dirname(join(folder, tls.cert)), { recursive: true });
  const subject = ['-subj', '/CN=fairlead.example.com', '-days', '2'];
  const files = ['-keyout', join(folder, tls.key), '-out', join(folder, tls.cert)];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ed25519', '-nodes', ...files, ...subject], { stdio: 'pipe' });
  if (tls.clientCa) copyFileSync(join(folder, tls.cert), join(folder, tls.clientCa));
}

function valueFor(name: string): string {
  return `${name}: something of 32 characters or more`;
}
