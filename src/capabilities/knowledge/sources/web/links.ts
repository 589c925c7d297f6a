import { setImmediate as breathe } from 'node:timers/promises';
import { type Token, type TokenHandler, Tokenizer, TokenizerMode } from 'parse5';

export interface PageLinks {
  /** As written, each once. */
  links: string[];
  canonical?: string;
  /** What they are relative to, if the page says so. */
  base?: string;
  /** Not all of the page was looked at. */
  cut: boolean;
}

const maxLinks = 5_000;
const maxBytes = 10 * 1024 * 1024;
const pieceLength = 16 * 1024;
/** Of one page, in the process that also answers calls. */
const maxWorkMs = 3_000;

const modes: Record<string, number> = {
  script: TokenizerMode.SCRIPT_DATA,
  style: TokenizerMode.RAWTEXT,
  noframes: TokenizerMode.RAWTEXT,
  iframe: TokenizerMode.RAWTEXT,
  textarea: TokenizerMode.RCDATA,
  title: TokenizerMode.RCDATA,
};

/** Where a page leads to. Its tags are looked at one by one: no tree is built of what a stranger nests. */
export async function linksOf(html: Uint8Array): Promise<PageLinks> {
  const links = new Set<string>();
  const found: PageLinks = { links: [], cut: html.byteLength > maxBytes };

  function onStartTag(tag: Token.TagToken): void {
    tokenizer.state = modes[tag.tagName] ?? TokenizerMode.DATA;
    const value = (name: string) => tag.attrs.find((attribute) => attribute.name === name)?.value;
    const href = value('href');
    if (href === undefined) return;
    if (tag.tagName === 'base') found.base ??= href;
    else if (tag.tagName === 'link') {
      if (/(^|\s)canonical(\s|$)/i.test(value('rel') ?? '')) found.canonical ??= href;
    } else if ((tag.tagName === 'a' || tag.tagName === 'area') && links.size < maxLinks) links.add(href);
  }
  const ignore = () => {};
  const handler: TokenHandler = {
    onStartTag,
    onEndTag: ignore,
    onComment: ignore,
    onDoctype: ignore,
    onEof: ignore,
    onCharacter: ignore,
    onNullCharacter: ignore,
    onWhitespaceCharacter: ignore,
  };
  const tokenizer = new Tokenizer({ sourceCodeLocationInfo: false }, handler);

  const text = Buffer.from(html.buffer, html.byteOffset, Math.min(html.byteLength, maxBytes)).toString('utf8');
  let workMs = 0;
  for (let at = 0; at < text.length; at += pieceLength) {
    const startedAt = performance.now();
    tokenizer.write(text.slice(at, at + pieceLength), at + pieceLength >= text.length);
    workMs += performance.now() - startedAt;
    if (workMs > maxWorkMs) {
      found.cut = true;
      break;
    }
    await breathe(); // others have calls to make
  }
  return { ...found, links: [...links] };
}
