import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/config/index.ts';

/** A block of code in a page. */
export interface Fence {
  language: string;
  text: string;
  /** Of its first line of code, from 1. */
  line: number;
}

export interface MarkdownPage {
  text: string;
  fences: Fence[];
  /** Texts in backticks, outside blocks. */
  spans: string[];
  links: { target: string; line: number }[];
  /** What `#...` can name. */
  anchors: Set<string>;
}

/** @param file from the root of the repository */
export function readPage(file: string): MarkdownPage {
  const text = readFileSync(join(packageRoot, file), 'utf8');
  const page: MarkdownPage = { text, fences: [], spans: [], links: [], anchors: new Set() };
  let open: Fence | undefined;
  const prose: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const mark = /^\s*```(\S*)/.exec(line);
    if (mark && open) open = undefined;
    else if (mark) {
      open = { language: mark[1] ?? '', text: '', line: index + 2 };
      page.fences.push(open);
    } else if (open) open.text += `${line}\n`;
    else {
      prose.push(line);
      for (const [, target = ''] of withoutSpans(line).matchAll(/\]\(([^()\s]+)\)/g)) {
        page.links.push({ target, line: index + 1 });
      }
      const heading = /^#+\s+(.*)$/.exec(line)?.[1];
      if (heading !== undefined) page.anchors.add(anchorOf(heading));
    }
  }
  for (const [, span = ''] of prose.join('\n').matchAll(/`([^`]+)`/g)) page.spans.push(span.replaceAll('\n', ' '));
  return page;
}

export function fencesOf(file: string, language: string): Fence[] {
  return readPage(file).fences.filter((fence) => fence.language === language);
}

function withoutSpans(line: string): string {
  return line.replace(/`[^`]*`/g, '');
}

/** As GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}
