import { codeSpansOf, marks, withoutMarks } from './citations.ts';

/** A sentence of an answer, a line of a list or of a table, or a whole block of code. */
export interface Sentence {
  /** Without the marks of its citations. */
  text: string;
  isCode: boolean;
  /** Numbers of passages, each once; what it introduces or is introduced by counts where it has none of its own. */
  citations: number[];
  /** What stands between it and the one before: a space, or line breaks with the sign of a list. */
  before: string;
  /** Places of the sentences that it introduces: without them it says nothing. */
  introduces: number[];
}

interface Block {
  text: string;
  kind: 'text' | 'item' | 'code';
  before: string;
}

const item = /^\s*((?:[-*+•]|\d{1,3}[.)])\s+)(.*)$/s;
const fence = /^\s*(`{3,}|~{3,})/;
const onlyMarks = new RegExp(`^${marks}\\s*[.]?$`, 'u');

/** Takes an answer apart. Headings and lines of dashes say nothing that could be held against a passage: they are left out. */
export function sentencesOf(answer: string): Sentence[] {
  const sentences: Sentence[] = [];
  const kinds: Block['kind'][] = [];
  for (const { text, kind, before } of blocksOf(answer)) {
    const parts = kind === 'code' ? [text] : splitSentences(text);
    for (const [at, part] of parts.entries()) {
      const isCode = kind === 'code';
      const { text: bare, citations } = isCode ? { text: part, citations: [] } : withoutMarks(part);
      const last = sentences.at(-1);
      if (!/[\p{L}\p{N}]/u.test(bare)) {
        last?.citations.push(...citations.filter((each) => !last.citations.includes(each)));
        continue;
      }
      sentences.push({ text: bare, isCode, citations, before: at === 0 ? before : ' ', introduces: [] });
      kinds.push(kind);
    }
  }
  connect(sentences, kinds);
  return sentences;
}

/** "Do this:" stands and falls with what follows, and a block of code belongs to the words before it. */
function connect(sentences: readonly Sentence[], kinds: readonly Block['kind'][]): void {
  for (const [at, sentence] of sentences.entries()) {
    if (!sentence.isCode && sentence.text.endsWith(':')) {
      for (let next = at + 1; next < sentences.length && kinds[next] !== 'text'; next++) sentence.introduces.push(next);
      const told = sentence.introduces.flatMap((next) => sentences[next]?.citations ?? []);
      if (sentence.citations.length === 0) sentence.citations = [...new Set(told)];
    }
    const owner = sentences[at - 1];
    if (sentence.isCode && sentence.citations.length === 0 && owner) sentence.citations = [...owner.citations];
  }
}

/** Paragraphs, items of lists, rows of tables and blocks of code, in order. */
export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let paragraph: Block | undefined;
  let code: { lines: string[]; mark: string } | undefined;
  const begin = (kind: Block['kind'], before: string, text: string) => {
    paragraph = { kind, before: blocks.length === 0 ? before.trimStart() : before, text };
    blocks.push(paragraph);
  };
  for (const line of text.split(/\r?\n/)) {
    const mark = fence.exec(line)?.[1];
    if (code) {
      if (mark?.startsWith(code.mark)) code = undefined;
      else code.lines.push(line);
      const block = blocks.at(-1);
      if (code && block) block.text = code.lines.join('\n');
      if (!code) paragraph = undefined;
    } else if (mark) {
      code = { lines: [], mark };
      begin('code', '\n\n', '');
    } else if (
      /^\s*$/.test(line) ||
      /^\s{0,3}(#{1,6}\s|([-*_=])\s*(\2\s*){2,}$)/.test(line) ||
      /^\s*\|?[\s|:-]+$/.test(line)
    ) {
      paragraph = undefined;
    } else if (onlyMarks.test(line) && blocks.length > 0) {
      blocks.push({ kind: 'text', before: ' ', text: line.trim() });
      paragraph = undefined;
    } else {
      const [, sign, rest = ''] = item.exec(line) ?? [];
      const bare = line.replace(/^\s*>+\s?/, '').trim();
      if (sign !== undefined) begin('item', `\n${sign}`, rest.trim());
      else if (bare.startsWith('|')) begin('item', '\n', bare);
      else if (paragraph) paragraph.text += ` ${bare}`;
      else begin('text', '\n\n', bare);
    }
  }
  return blocks
    .filter(({ text: said }) => said.trim() !== '')
    .map((block) => (block.kind === 'code' ? block : { ...block, text: block.text.replace(/\s+/g, ' ') }));
}

/** Before a full stop that ends nothing; none of them ends a sentence in any of the languages. */
const abbreviations = new Set(
  (
    'e.g i.e eg ie vs cf dr mr mrs ms prof st fig eq approx incl dept resp ca bzw ggf evtl nr abs vgl sog inkl exkl ' +
    'zzgl bspw mind mme mlle env sr sra srta dra núm pág ej aprox uds p.ex z.b d.h u.a i.d.r o.ä s.o jan feb aug sept oct nov dec'
  ).split(' '),
);
const months = /^(januar|jänner|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember)/i;
const boundary = new RegExp(
  String.raw`(?:(?<stop>[.!?…]+)(?:["'”’»)\]*_]|\s»)*(?<cited>${marks}[.]?)?(?=\s|$)|[。！？]["'”’»)]*(?:${marks})?)`,
  'gu',
);

/** The sentences of a paragraph, each with its marks, whether they stand before or behind its full stop. */
export function splitSentences(text: string): string[] {
  const spans = codeSpansOf(text);
  const sentences: string[] = [];
  let start = 0;
  for (const { index, 0: found, groups } of text.matchAll(boundary)) {
    if (spans.some((span) => index >= span.start && index < span.end)) continue;
    const end = index + found.length;
    if (/^[.…]+$/.test(groups?.stop ?? '') && !groups?.cited && !endsHere(text.slice(start, index), text.slice(end)))
      continue;
    sentences.push(text.slice(start, end).trim());
    start = end;
  }
  sentences.push(text.slice(start).trim());
  return sentences.filter((sentence) => sentence !== '');
}

function endsHere(before: string, after: string): boolean {
  const next = after.trimStart();
  if (next === '') return true;
  if (/^\p{Ll}/u.test(next)) return false;
  const word = /[^\s("'„“«[]+$/u.exec(before)?.[0] ?? '';
  if (/^\p{L}$/u.test(word) || abbreviations.has(word.toLowerCase())) return false;
  if (/^(no|art|pp?|vol|sec)$/i.test(word)) return !/^\d/.test(next);
  if (/^\d{1,2}$/.test(word)) return !months.test(next) && before.trim() !== word;
  return true;
}
