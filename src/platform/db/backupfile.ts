import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { z } from 'zod';
import { parseJson } from '../../kernel/json.ts';
import { BackupDamaged, BackupTooNew } from './errors.ts';

/*
 * A backup is gzipped lines of JSON: a header; for each table a line that names it, then its rows as arrays of texts as
 * Postgres writes them (so that any Postgres reads them); the sequences; and an end with the digest of all before, and
 * with that digest signed. Version 1 was not signed.
 */
const format = 'fairlead-backup';
const formatVersion = 2;

const Header = z.object({
  format: z.literal(format),
  version: z.number(),
  madeAt: z.string(),
  migrations: z.array(z.object({ name: z.string(), checksum: z.string() })),
});
const Content = z.union([
  z.object({ table: z.string(), columns: z.array(z.string()) }),
  z.object({ sequence: z.string(), value: z.string(), called: z.boolean() }),
]);
const End = z.object({ end: z.literal(true), rows: z.number(), sha256: z.string(), hmac: z.string().optional() });
const Part = z.union([Content, End]);

export type BackupHeader = Omit<z.infer<typeof Header>, 'format'>;
export type BackupEnd = z.infer<typeof End>;
/** A line of a backup; `row` is the JSON text of one row. */
export type BackupContent = z.infer<typeof Content> | { row: string };

/** Signs the digest of a backup, so that only who holds the server's secret can write one that fits it. */
export type BackupSigner = (sha256: string) => string;

/** The same under each secret that it may have been made under. */
export type BackupVerifier = (sha256: string) => string | readonly string[];

/**
 * Writes the file so that its name appears only when it is whole; an older backup of that name stays until then.
 * Readable by its owner only: it holds everything that the database holds. Returns its size in bytes.
 */
export async function writeBackupFile(
  file: string,
  header: Omit<BackupHeader, 'version'>,
  parts: AsyncIterable<BackupContent>,
  sign: BackupSigner,
): Promise<number> {
  const unfinished = `${file}.unfinished`;
  await rm(unfinished, { force: true });
  try {
    const target = createWriteStream(unfinished, { flags: 'wx', mode: 0o600, flush: true });
    await pipeline(linesOf(header, parts, sign), createGzip({ level: 6 }), target);
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  return (await stat(file)).size;
}

async function* linesOf(
  header: Omit<BackupHeader, 'version'>,
  parts: AsyncIterable<BackupContent>,
  sign: BackupSigner,
): AsyncGenerator<string> {
  const digest = createHash('sha256');
  let rows = 0;
  const line = (text: string) => {
    digest.update(`${text}\n`);
    return `${text}\n`;
  };
  yield line(JSON.stringify({ format, version: formatVersion, ...header }));
  for await (const part of parts) {
    if ('row' in part) rows++;
    yield line('row' in part ? part.row : JSON.stringify(part));
  }
  const sha256 = digest.digest('hex');
  yield `${JSON.stringify({ end: true, rows, sha256, hmac: sign(sha256) } satisfies BackupEnd)}\n`;
}

/**
 * The header, the parts in the order of the file, and the end once the digest of all before has been found to fit it.
 *
 * @throws BackupDamaged when a byte is missing or another, BackupTooNew, and what the file system says
 */
export async function* readBackupFile(file: string): AsyncGenerator<BackupHeader | BackupContent | BackupEnd> {
  const digest = createHash('sha256');
  let rows = 0;
  let version: number | undefined;
  let ended = false;
  for await (const line of readLines(file)) {
    if (ended) throw BackupDamaged({ reason: 'something follows its end' });
    if (version === undefined) {
      const header = readHeader(line);
      version = header.version;
      digest.update(`${line}\n`);
      yield header;
      continue;
    }
    if (line.startsWith('[')) {
      digest.update(`${line}\n`);
      rows++;
      yield { row: line };
      continue;
    }
    const part = Part.safeParse(parse(line));
    if (!part.success) throw BackupDamaged({ reason: 'it holds a line of no known kind' });
    if ('end' in part.data) {
      if (part.data.sha256 !== digest.digest('hex') || part.data.rows !== rows) {
        throw BackupDamaged({ reason: 'its content does not fit its digest' });
      }
      if (version > 1 && part.data.hmac === undefined) throw BackupDamaged({ reason: 'its signature is missing' });
      ended = true;
      yield part.data;
      continue;
    }
    digest.update(`${line}\n`);
    yield part.data;
  }
  if (!ended) throw BackupDamaged({ reason: 'its end is missing' });
}

function readHeader(line: string): BackupHeader {
  const header = Header.safeParse(parse(line));
  if (!header.success) throw BackupDamaged({ reason: 'it is not a backup of Fairlead' });
  if (header.data.version > formatVersion) throw BackupTooNew();
  return header.data;
}

function parse(line: string): unknown {
  try {
    return parseJson(line);
  } catch (error) {
    throw BackupDamaged({ reason: 'it holds a line that is not JSON' }, { cause: error });
  }
}

async function* readLines(file: string): AsyncGenerator<string> {
  const source = createReadStream(file);
  const unpacked = createGunzip();
  source.on('error', (error) => unpacked.destroy(error));
  source.pipe(unpacked).setEncoding('utf8');
  let rest = '';
  try {
    for await (const chunk of unpacked as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch (error) {
    const code = (error as { code?: string }).code ?? '';
    if (!code.startsWith('Z_')) throw error;
    throw BackupDamaged({ reason: 'it is cut short, or was changed' }, { cause: error });
  } finally {
    source.destroy();
  }
  if (rest !== '') throw BackupDamaged({ reason: 'it is cut short' });
}
