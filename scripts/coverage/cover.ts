import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import type { Profiler } from 'node:inspector';
import { stripTypeScriptTypes } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { convert } from 'ast-v8-to-istanbul';
import { parseSync } from 'oxc-parser';
import { root } from '../places.ts';

/** What of one file was run: each line that holds code, and each arm of each branch. */
export interface FileCover {
  lines: Map<number, boolean>;
  branches: Map<string, boolean>;
}

/** By path from the root of the repository. */
export type Cover = Map<string, FileCover>;

interface IstanbulFile {
  path: string;
  statementMap: Record<string, { start: { line: number } }>;
  s: Record<string, number>;
  branchMap: Record<string, { type: string; loc: { start: { line: number } } }>;
  b: Record<string, number[]>;
}

/** @param folder with what one run of vitest left: its own report, and the raw one of child processes */
export async function readCover(folder: string): Promise<Cover> {
  const cover: Cover = new Map();
  const own = join(folder, 'coverage-final.json');
  if (existsSync(own)) {
    for (const file of Object.values(JSON.parse(readFileSync(own, 'utf8')) as Record<string, IstanbulFile>)) {
      cover.set(pathOf(file.path), coverOf(file));
    }
  }
  for (const file of await childrenOf(join(folder, 'children'))) mergeFile(cover, pathOf(file.path), coverOf(file));
  return cover;
}

/** Adds what another run covered. What it knows of lines that the first does not know is left out. */
export function merge(into: Cover, other: Cover): void {
  for (const [path, file] of other) {
    if (into.has(path)) mergeFile(into, path, file);
    else into.set(path, file);
  }
}

function mergeFile(into: Cover, path: string, { lines, branches }: FileCover): void {
  const known = into.get(path);
  if (known === undefined) return;
  for (const [line, run] of lines) if (run && known.lines.has(line)) known.lines.set(line, true);
  for (const [arm, run] of branches) if (run && known.branches.has(arm)) known.branches.set(arm, true);
}

function coverOf({ statementMap, s, branchMap, b }: IstanbulFile): FileCover {
  const lines = new Map<number, boolean>();
  for (const [id, { start }] of Object.entries(statementMap)) {
    lines.set(start.line, (lines.get(start.line) ?? false) || (s[id] ?? 0) > 0);
  }
  const branches = new Map<string, boolean>();
  // Columns differ between a file as it stands and as vitest transforms it; the order on a line does not.
  const seen = new Map<string, number>();
  for (const [id, { type, loc }] of Object.entries(branchMap)) {
    const place = `${loc.start.line} ${type}`;
    const nth = seen.get(place) ?? 0;
    seen.set(place, nth + 1);
    for (const [arm, hits] of (b[id] ?? []).entries()) branches.set(`${place} ${nth} ${arm}`, hits > 0);
  }
  return { lines, branches };
}

/** Child processes run the source as it is: Node blanks the types out and leaves every offset where it was. */
async function childrenOf(folder: string): Promise<IstanbulFile[]> {
  const prefix = pathToFileURL(join(root, 'src')).href;
  // Most processes run most files alike, and to convert one costs more than to know that again.
  const byUrl = new Map<string, Map<string, Profiler.ScriptCoverage>>();
  for (const file of globSync('*.json', { cwd: folder })) {
    const { result } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { result: Profiler.ScriptCoverage[] };
    for (const script of result) {
      if (!script.url.startsWith(prefix) || !script.url.endsWith('.ts')) continue;
      const kinds = byUrl.get(script.url) ?? new Map<string, Profiler.ScriptCoverage>();
      byUrl.set(script.url, kinds.set(whatRan(script), script));
    }
  }
  const files: IstanbulFile[] = [];
  for (const [url, scripts] of byUrl) {
    const code = stripTypeScriptTypes(readFileSync(fileURLToPath(url), 'utf8'), { mode: 'strip' });
    const ast = parseSync('file.js', code).program;
    for (const coverage of scripts.values()) {
      const converted = await convert({ ast: ast as never, code, wrapperLength: 0, coverage });
      files.push(...(Object.values(converted) as unknown as IstanbulFile[]));
    }
  }
  return files;
}

/** Equal for two processes that ran the same of a file, however often. */
function whatRan({ functions }: Profiler.ScriptCoverage): string {
  const hash = createHash('sha1');
  for (const { ranges } of functions)
    for (const { startOffset, endOffset, count } of ranges) hash.update(`${startOffset} ${endOffset} ${count > 0} `);
  return hash.digest('base64');
}

function pathOf(path: string): string {
  return relative(root, path).replaceAll('\\', '/');
}
