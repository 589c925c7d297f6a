import { open, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isObject, parseJson } from '../kernel/json.ts';
import { exitCodes } from './command.ts';
import { CommandFailed, wrongUsage } from './errors.ts';

/** Where the chain of an organisation stood at some time. */
export interface Anchor {
  org: string;
  seq: number;
  hash: string;
}

/** A file of such places, one a line, which is only ever added to. */
export interface AnchorFile {
  path: string;
  isNew: boolean;
  /** The furthest one of an organisation: the hash of a record covers all before it. */
  newest(org: string): Anchor | undefined;
  /** Durable when it resolves. */
  add(anchor: Anchor): Promise<void>;
}

const maxLength = 64 * 1024 * 1024;

/** @throws CommandFailed for a file that cannot be read or holds anything else */
export async function openAnchors(file: string, cwd: string): Promise<AnchorFile> {
  const path = resolve(cwd, file);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw wrongUsage(`The anchors in ${file} cannot be read (${error.code}).`, 'Check the path and who may read it.');
  });
  const anchors = (text ?? '').split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    const anchor = anchorIn(line);
    if (anchor) return [anchor];
    throw wrongUsage(
      `Line ${index + 1} of ${file} is no anchor, so nothing was compared.`,
      'Find out who changed it, and correct or remove that line.',
    );
  });
  return {
    path,
    isNew: text === undefined,
    newest: (org) =>
      anchors
        .filter((anchor) => anchor.org === org)
        .reduce<Anchor | undefined>((best, anchor) => (best && best.seq > anchor.seq ? best : anchor), undefined),
    async add({ org, seq, hash }) {
      const line = JSON.stringify({ at: new Date().toISOString(), org, seq, hash });
      try {
        const handle = await open(path, 'a', 0o600);
        try {
          // An editor may have left the last line without its end.
          await handle.appendFile(`${text === undefined || text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`);
          await handle.datasync();
        } finally {
          await handle.close();
        }
      } catch (error) {
        throw new CommandFailed(
          exitCodes.failed,
          `The audit held, but ${file} cannot be written (${(error as NodeJS.ErrnoException).code}).`,
          'Check the path and who may write it: without a newer anchor the next check sees less.',
        );
      }
    },
  };
}

function anchorIn(line: string): Anchor | undefined {
  let value: unknown;
  try {
    value = parseJson(line, { maxLength });
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const { org, seq, hash } = value;
  if (typeof org !== 'string' || typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 1) return undefined;
  return typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash) ? { org, seq, hash } : undefined;
}
