import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, link, open, readFile, stat, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { codeOf } from './references.ts';
import type { ServerSettings } from './schema.ts';
import { minSecretBytes } from './words.ts';

export type SecretOutcome = { secret: string; warnings: string[] } | { fault: string };

/** Reads a secret from a file that somebody else keeps. Its last line break does not count. */
export async function readSecretFile(file: string): Promise<SecretOutcome> {
  try {
    const secret = (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
    if (Buffer.byteLength(secret) < minSecretBytes)
      return { fault: `the file holds less than ${minSecretBytes} bytes` };
    return { secret, warnings: [] };
  } catch (error) {
    return { fault: `the file cannot be read (${codeOf(error)})` };
  }
}

/**
 * The secret of this data folder; made on the first start. Two servers that start at once agree on one: the file
 * appears whole or not at all, and is never written over.
 */
export async function secretOfDataDir(dataDir: string): Promise<SecretOutcome> {
  const file = join(dataDir, 'secret');
  try {
    if (!(await exists(file)) && (await exists(join(dataDir, 'db')))) return { fault: lostSecret(dataDir, file) };
    await createOnce(file);
    const warnings = await tighten(file);
    const found = await readSecretFile(file);
    return 'secret' in found ? { secret: found.secret, warnings } : { fault: `${file}: ${found.fault}` };
  } catch (error) {
    return { fault: `the secret cannot be kept in ${dataDir} (${codeOf(error)})` };
  }
}

// A new one made in silence would look like a working server on which no key counts any more.
function lostSecret(dataDir: string, file: string): string {
  return (
    `${dataDir} holds a database, but not the secret that it was used with: put that back as ${file}, or give it as ` +
    'FAIRLEAD_SECRET_FILE. To go on without it put 32 random bytes or more there; API keys, sealed settings and the ' +
    "audit's signatures from before then count no more"
  );
}

async function createOnce(file: string): Promise<void> {
  if (await exists(file)) return;
  const draft = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(`${randomBytes(48).toString('base64url')}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(draft, file); // unlike rename, this fails when somebody was faster
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    (error) => {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    },
  );
}

async function tighten(file: string): Promise<string[]> {
  if (process.platform === 'win32') return []; // Windows keeps no such bits
  const { mode } = await stat(file);
  if ((mode & 0o077) === 0) return [];
  await chmod(file, 0o600);
  return [`${file} could be read by others; it is closed to them now. Make a new secret if anybody may have seen it.`];
}

/** Where the secret stands. */
export type SecretKeeper =
  | { kind: 'text'; text: string }
  | { kind: 'file'; file: string; name: string }
  | { kind: 'data' }
  | { kind: 'fault'; text: string };

/** Flags win over the environment, the environment over the file, and all over the data folder. */
export function findSecret(from: {
  fromLine: ServerSettings;
  fromEnv: ServerSettings;
  fileServer: ServerSettings;
  cwd: string;
  baseDir: string;
}): SecretKeeper {
  const levels = [
    { values: from.fromLine, folder: from.cwd, text: '--secret', file: '--secret-file' },
    { values: from.fromEnv, folder: from.cwd, text: 'FAIRLEAD_SECRET', file: 'FAIRLEAD_SECRET_FILE' },
    { values: from.fileServer, folder: from.baseDir, text: 'server.secret', file: 'server.secretFile' },
  ];
  for (const { values, folder, text, file } of levels) {
    const { secret, secretFile } = values;
    if (secret !== undefined && secretFile !== undefined)
      return { kind: 'fault', text: `${text} and ${file}: give only one` };
    if (typeof secret === 'string') {
      return Buffer.byteLength(secret) < minSecretBytes
        ? { kind: 'fault', text: `${text}: must have at least ${minSecretBytes} bytes` }
        : { kind: 'text', text: secret };
    }
    if (typeof secretFile === 'string') return { kind: 'file', file: resolve(folder, secretFile), name: file };
  }
  return { kind: 'data' };
}

/** Without `prepare` a secret that is not there yet stays away. */
export async function readSecret(
  keeper: SecretKeeper,
  dataDir: string,
  prepare: boolean,
): Promise<SecretOutcome | { secret?: undefined; warnings: string[] }> {
  switch (keeper.kind) {
    case 'text':
      return { secret: keeper.text, warnings: [] };
    case 'file': {
      const found = await readSecretFile(keeper.file);
      return 'fault' in found ? { fault: `${keeper.name}: ${found.fault}` } : found;
    }
    default:
      if (prepare || existsSync(join(dataDir, 'secret'))) return secretOfDataDir(dataDir);
      return { warnings: [] };
  }
}

/**
 * The secrets beside the current one, from the place that wins: flags, then the environment, then the file. A file that
 * they stand in has one a line.
 */
export async function readOtherSecrets(from: {
  fromLine: ServerSettings;
  fromEnv: ServerSettings;
  fileServer: ServerSettings;
  cwd: string;
  baseDir: string;
}): Promise<{ secrets: string[] } | { fault: string }> {
  const levels = [
    { values: from.fromLine, folder: from.cwd, name: '--other-secrets-file' },
    { values: from.fromEnv, folder: from.cwd, name: 'FAIRLEAD_OTHER_SECRETS_FILE' },
    { values: from.fileServer, folder: from.baseDir, name: 'server.otherSecretsFile' },
  ];
  const found = levels.find(({ values }) => values.otherSecrets !== undefined || values.otherSecretsFile !== undefined);
  if (!found) return { secrets: [] };
  const { otherSecrets, otherSecretsFile } = found.values;
  if (otherSecrets && otherSecretsFile !== undefined)
    return { fault: `${found.name}: give the secrets themselves, or the file, not both` };
  if (otherSecretsFile === undefined) return { secrets: [...(otherSecrets ?? [])] };
  try {
    const text = await readFile(resolve(found.folder, otherSecretsFile), 'utf8');
    const secrets = text.split(/\r?\n/).filter((line) => line !== '');
    return secrets.every((secret) => Buffer.byteLength(secret) >= minSecretBytes)
      ? { secrets }
      : { fault: `${found.name}: a line of the file holds less than ${minSecretBytes} bytes` };
  } catch (error) {
    return { fault: `${found.name}: the file cannot be read (${codeOf(error)})` };
  }
}
