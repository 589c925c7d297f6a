import { isObject, type JsonObject } from '../../../kernel/json.ts';
import type { ItemKind } from '../snapshot.ts';
import { type HiddenRun, hiddenIn, isMixed, taggedText, visible } from './characters.ts';
import { latinised } from './confusables.ts';
import { destructionFindings } from './destruction.ts';
import type { Finding, Severity } from './finding.ts';
import { looserAnnotations } from './looser.ts';
import { around, phrasesIn, plainText } from './phrases.ts';
import { schemaFindings } from './schema.ts';
import { type Text, textsOf } from './texts.ts';

export interface Around {
  /** Names of the tools of the same toolset. */
  own?: ReadonlySet<string>;
  /** Names of tools of other toolsets. */
  foreign?: ReadonlySet<string>;
}

export type FindingKind = ItemKind | 'instructions';

const maxFindings = 100;

/**
 * What is suspicious in a definition. With `before` only what it did not have already: what was accepted once is not
 * brought up again, and what became laxer is added. Graver ones come first.
 */
export function findingsOf(
  kind: FindingKind,
  before: JsonObject | undefined,
  after: JsonObject,
  nearby: Around = {},
): Finding[] {
  const { texts, cut } = textsOf(after);
  const old = before === undefined ? [] : textsOf(before).texts;
  const unchanged = new Set(old.map(idOf));
  const fresh = texts.filter((text) => !unchanged.has(idOf(text)));
  // Most are as they were accepted: nothing needs to be known of those.
  const judged = fresh.length === 0 ? [] : old;
  const known = new Set(judged.flatMap((text) => textFindings(kind, text, nearby).map(keyOf)));
  const findings = fresh
    .flatMap((text) => textFindings(kind, text, nearby))
    .filter((finding) => !known.has(keyOf(finding)))
    .map(({ match: _, ...finding }) => finding);
  if (cut)
    findings.push({
      code: 'too-long',
      severity: 'danger',
      path: '',
      message: 'Longer than is judged: what stands at the end was not looked at. Read it before you accept it.',
    });
  findings.push(...parameterFindings(old, texts, before !== undefined));
  if (kind === 'tool') findings.push(...destructionFindings(old, texts, before, after));
  if (kind === 'tool' && before) findings.push(...annotationFindings(before, after), ...schemaFindings(before, after));
  return gravestFirst(findings);
}

type Judged = Finding & { match: string };

const idOf = ({ path, text }: Text) => `${path}\n${text}`;
const keyOf = ({ code, path, match }: Judged) => `${code}\n${path}\n${match}`;

function gravestFirst(findings: Finding[]): Finding[] {
  const sorted = [...findings.filter(isDanger), ...findings.filter((each) => !isDanger(each))];
  if (sorted.length <= maxFindings) return sorted;
  const message = `${sorted.length - maxFindings} more findings are not listed.`;
  return [...sorted.slice(0, maxFindings), { code: 'more', severity: 'warning', path: '', message }];
}

const isDanger = ({ severity }: Finding) => severity === 'danger';

function textFindings(kind: FindingKind, text: Text, nearby: Around): Judged[] {
  const plain = plainText(text.text);
  const found = [...hiddenFindings(text), ...confusableFindings(text), ...paddingFindings(text)];
  const say = (code: string, severity: Severity, message: string, match: string, excerpt: string) =>
    found.push({ code, severity, path: text.path, message, match, excerpt: visible(excerpt) });
  for (const { phrase, match, excerpt } of phrasesIn(plain)) {
    if (kind === 'instructions' && phrase.code === 'instruction-order') continue; // that is what instructions are for
    say(phrase.code, phrase.severity, phrase.message, match, excerpt);
  }
  for (const { text: inner, blob } of encodedIn(text.text)) {
    if (inner !== undefined && phrasesIn(plainText(inner)).length > 0)
      say(
        'encoded-instructions',
        'danger',
        'Has instructions to the model in an encoded form.',
        blob,
        inner.slice(0, 160),
      );
    else if (blob.length >= longBlob)
      say('encoded-blob', 'warning', 'Has a long encoded passage that nobody can read.', blob, `${blob.slice(0, 60)}…`);
  }
  for (const { name, start, ordered } of foreignNames(text, nearby)) {
    const message = `Speaks of ${visible(name)}, a tool of another toolset${ordered ? ', and of when to use it' : ''}.`;
    say('names-other-tool', ordered ? 'danger' : 'warning', message, name, around(text.text, start, name.length));
  }
  return found;
}

function hiddenFindings({ path, text }: Text): Judged[] {
  const byKind = new Map<string, HiddenRun[]>();
  for (const run of hiddenIn(text)) {
    const runs = byKind.get(run.kind);
    if (runs) runs.push(run);
    else byKind.set(run.kind, [run]);
  }
  return [...byKind].map(([kind, runs]) => {
    const [first] = runs as [HiddenRun];
    const said = kind === 'tags' ? taggedText(runs.map((run) => run.text).join('')) : '';
    return {
      code: `hidden-${kind}`,
      severity: isHarmlessHidden(first, runs) ? 'warning' : 'danger',
      path,
      message: said ? `Has hidden characters that spell: ${said.slice(0, 200)}` : hiddenMessages[first.kind],
      match: runs.map((run) => run.text).join(''),
      excerpt: visible(text.slice(Math.max(0, first.start - 30), first.start + Math.min(first.text.length, 40) + 30)),
    };
  });
}

const hiddenMessages: Record<HiddenRun['kind'], string> = {
  'zero-width': 'Has characters without width: a reader does not see them, a model does.',
  bidi: 'Has characters that change the direction of text: it may read differently from what it is.',
  tags: 'Has tag characters: a reader does not see them, a model does.',
  variation: 'Has variation selectors where nothing is varied: they can carry a hidden text.',
  control: 'Has control characters: they can steer a terminal, or hide a text from a reader.',
  'private-use': 'Has characters for private use: what they stand for depends on who reads them.',
};

/** A soft hyphen, a byte order mark or one stray selector is more often a slip than an attack. */
function isHarmlessHidden({ kind }: HiddenRun, runs: readonly HiddenRun[]): boolean {
  if (kind === 'private-use') return true;
  if (kind === 'variation') return runs.every(({ text }) => [...text].length === 1);
  return kind === 'zero-width' && runs.every(({ text }) => /^[\u00AD\uFEFF]$/.test(text));
}

function confusableFindings({ path, text, role }: Text): Judged[] {
  if (/^\p{ASCII}*$/u.test(text)) return [];
  const words = text.match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  const suspects = words.filter((word) => isMixed(word) || isDisguised(word));
  const foreign = words.filter((word) => /[\p{Script=Cyrillic}\p{Script=Greek}]/u.test(word));
  // A language of its own has letters that Latin does not; a word made of look-alikes only, in a Latin text, does not.
  if (
    foreign.length > 0 &&
    /\p{Script=Latin}/u.test(text) &&
    foreign.every((word) => word.length > 2 && looksWhollyLatin(word))
  )
    suspects.push(...foreign);
  const [first] = suspects;
  if (first === undefined) return [];
  return [
    {
      code: 'confusable-word',
      severity: role === 'name' || role === 'parameter' ? 'danger' : 'warning',
      path,
      message: `Has letters of one alphabet in place of another's: reads like "${latinised(first).slice(0, 60)}".`,
      match: [...new Set(suspects)].join(' '),
      excerpt: [...first.slice(0, 40)].map(withNumber).join(''),
    },
  ];
}

const withNumber = (letter: string) =>
  letter < '\x80'
    ? letter
    : `⟨U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')} ${letter}⟩`;

/** Latin letters in mathematical, enclosed or full-width dress. */
const isDisguised = (word: string) =>
  /^[\u{FF21}-\u{FF3A}\u{FF41}-\u{FF5A}\u{1D400}-\u{1D6A3}\u{24B6}-\u{24E9}\u{1F130}-\u{1F189}]{3,}$/u.test(word);
const looksWhollyLatin = (word: string) => /^[\p{ASCII}\p{M}]+$/u.test(latinised(word));

function paddingFindings({ path, text }: Text): Judged[] {
  const found = /[ \t]{100}|\n{20}|(?:[ \t]\n){20}/.exec(text);
  if (!found) return [];
  const message = 'Has a long stretch of blanks, which pushes what follows out of sight.';
  return [{ code: 'padding', severity: 'warning', path, message, match: 'blank' }];
}

const longBlob = 120;

/** Base64 and hexadecimal passages, with their text where they hold one. */
function encodedIn(text: string): { blob: string; text?: string }[] {
  const blobs = text.match(/[A-Za-z0-9+/_-]{24,}={0,2}/g)?.slice(0, 50) ?? [];
  return blobs.flatMap((blob) => {
    const hex = /^(?:[0-9a-f]{2}){24,}$/i.test(blob);
    const isMixedCase = /[a-z]/.test(blob) && /[A-Z]/.test(blob) && /\d/.test(blob);
    if (!hex && !isMixedCase) return [];
    const decoded = Buffer.from(blob, hex ? 'hex' : 'base64').toString('utf8');
    return [/^[\x20-\x7E\n\r\t]{16,}$/.test(decoded) ? { blob, text: decoded } : { blob }];
  });
}

const orderWord = /\b(?:before|after|first|instead|rather|always|never|must|prior|prefer|not)\b/i;

/** Names of other toolsets' tools in prose; only such as no one writes by chance. */
function foreignNames({ text, role }: Text, { own, foreign }: Around) {
  if (role !== 'prose' || !foreign || foreign.size === 0) return [];
  const found: { name: string; start: number; ordered: boolean }[] = [];
  for (const match of text.matchAll(
    /[A-Za-z][A-Za-z0-9]{0,60}(?:[_.-][A-Za-z0-9]{1,60}){1,10}|[a-z]{1,60}[A-Z]\w{1,60}/g,
  )) {
    const [name] = match;
    if (!foreign.has(name) || own?.has(name)) continue;
    const sentence = text.slice(Math.max(0, match.index - 120), match.index + name.length + 80);
    found.push({ name, start: match.index, ordered: orderWord.test(sentence) });
    if (found.length >= 10) break;
  }
  return found;
}

const contextNames =
  /^(?:conversation|conversation_?history|conversation_?context|chat_?history|message_?history|previous_?messages|full_?context|session_?context|system_?prompt|system_?message|side_?note|chain_?of_?thought|tool_?call_?history|tools?_?list|model_?name)$/i;

/** Parameters whose name alone makes a model fill in what it knows. */
function parameterFindings(old: readonly Text[], texts: readonly Text[], isChange: boolean): Finding[] {
  const known = new Set(old.filter(({ role }) => role === 'parameter').map(idOf));
  return texts
    .filter((each) => each.role === 'parameter' && contextNames.test(latinised(each.text)) && !known.has(idOf(each)))
    .filter(({ path }) => !path.startsWith('outputSchema'))
    .map(({ path, text }) => ({
      code: 'context-parameter',
      severity: isChange ? 'danger' : 'warning',
      path,
      message: `${isChange ? 'Newly asks' : 'Asks'} for ${visible(text)}: a model may fill in what it was told or has said.`,
    }));
}

function annotationFindings(before: JsonObject, after: JsonObject): Finding[] {
  const annotations = (definition: JsonObject) =>
    isObject(definition.annotations) ? (definition.annotations as JsonObject) : undefined;
  return looserAnnotations(annotations(before), annotations(after)).map((name) => ({
    code: 'looser-annotation',
    severity: name === 'readOnlyHint' || name === 'destructiveHint' ? 'danger' : 'warning',
    path: `annotations.${name}`,
    message: `Promises less than before: ${looserMessages[name] ?? name}.`,
  }));
}

const looserMessages: Record<string, string> = {
  readOnlyHint: 'it no longer says that it only reads',
  destructiveHint: 'it no longer says that it destroys nothing',
  idempotentHint: 'it no longer says that a second call changes nothing more',
  openWorldHint: 'it no longer says that it stays within a closed world',
};
