import { setImmediate as breathe } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { maxItemBytes } from '../bounds.ts';
import { decodeXml, xmlPieces } from '../xml.ts';

export interface SitemapEntry {
  loc: string;
  /** As written. */
  lastmod?: string;
}

export interface Sitemap {
  /** Of further sitemaps, or of pages. */
  kind: 'index' | 'pages';
  entries: SitemapEntry[];
}

const maxEntries = 50_000; // of one file, by the protocol
const unzip = promisify(gunzip);

/** From XML, a list of lines, or either of them gzipped. Undefined when it is none of these. */
export async function parseSitemap(bytes: Uint8Array): Promise<Sitemap | undefined> {
  const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? await unzipped(bytes) : bytes;
  if (!plain) return undefined;
  const text = Buffer.from(plain)
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trim();
  return text.startsWith('<') ? parseXml(text) : parseLines(text);
}

async function unzipped(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  return unzip(bytes, { maxOutputLength: maxItemBytes }).catch(() => undefined);
}

function parseLines(text: string): Sitemap | undefined {
  const lines = text.split(/\r?\n/, maxEntries).map((line) => line.trim());
  const locs = lines.filter((line) => /^https?:\/\//i.test(line));
  return locs.length > 0 ? { kind: 'pages', entries: locs.map((loc) => ({ loc })) } : undefined;
}

async function parseXml(text: string): Promise<Sitemap | undefined> {
  const open: string[] = [];
  const entries: SitemapEntry[] = [];
  let kind: Sitemap['kind'] | undefined;
  let entry: { loc: string; lastmod: string } | undefined;
  let pieces = 0;
  for (const piece of xmlPieces(text)) {
    if (++pieces % 10_000 === 0) await breathe(); // others have calls to make
    if (piece.kind === 'open') {
      const name = piece.name;
      if (open.length === 0) kind = { urlset: 'pages' as const, sitemapindex: 'index' as const }[localOf(name)];
      if (kind === undefined) return undefined;
      if (open.length === 1) entry = { loc: '', lastmod: '' };
      if (!piece.empty) open.push(name);
    } else if (piece.kind === 'close') {
      if (open.at(-1) !== piece.name) continue;
      open.pop();
      if (open.length === 1 && entry) {
        const { loc, lastmod } = entry;
        if (loc.trim() !== '')
          entries.push({ loc: loc.trim(), ...(lastmod.trim() ? { lastmod: lastmod.trim() } : {}) });
        if (entries.length === maxEntries) break;
        entry = undefined;
      }
    } else if (entry && open.length === 3) {
      const field = fieldOf(open);
      if (field) entry[field] += piece.kind === 'cdata' ? piece.text : decodeXml(piece.text);
    }
  }
  return kind && { kind, entries };
}

/** Only of the sitemap itself: images and videos in it have places of their own. */
function fieldOf([, parent = '', name = '']: readonly string[]): 'loc' | 'lastmod' | undefined {
  const local = localOf(name);
  if (prefixOf(name) !== prefixOf(parent)) return undefined;
  return local === 'loc' || local === 'lastmod' ? local : undefined;
}

function localOf(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function prefixOf(name: string): string {
  return name.slice(0, Math.max(0, name.indexOf(':')));
}
