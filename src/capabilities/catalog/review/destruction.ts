import { isObject, type JsonObject } from '../../../kernel/json.ts';
import { visible } from './characters.ts';
import { latinised, wordsOf } from './confusables.ts';
import type { Finding } from './finding.ts';
import { around, plainText } from './phrases.ts';
import type { Role, Text } from './texts.ts';

const verbs = [
  ['delete', 'delet(?:e[sd]?|ing|ion)'],
  ['remove', 'remov(?:e[sd]?|ing|al)'],
  ['drop', 'drop(?:s|ped|ping)?'],
  ['destroy', 'destroy(?:s|ed|ing)?'],
  ['erase', 'eras(?:e[sd]?|ing)'],
  ['purge', 'purg(?:e[sd]?|ing)'],
  ['wipe', 'wip(?:e[sd]?|ing)'],
  ['truncate', 'truncat(?:e|es|ing)'],
  ['overwrite', 'overwrit(?:e[s]?|ten|ing)'],
  ['force', 'force(?:s|d)?|forcing|force[-_]push'],
  ['kill', 'kill(?:s|ed|ing)?'],
  ['terminate', 'terminat(?:e[sd]?|ing)'],
  ['revoke', 'revok(?:e[sd]?|ing)'],
  ['reset', 'reset(?:s|ting)?'],
  ['uninstall', 'uninstall(?:s|ed|ing)?'],
  ['prune', 'prun(?:e[sd]?|ing)'],
  ['irreversible', 'irreversibl[ey]|permanent(?:ly)?|cannot be undone'],
  ['execute', 'rm -rf|arbitrary (?:code|commands?)|shell commands?'],
].map(([word, forms]) => ({ word: word ?? '', pattern: new RegExp(`\\b(?:${forms})\\b`, 'u') }));

/** Said of what does not happen: `never deletes`, `without overwriting`. */
const denied = /(?:\bnot|n't|\bnever|\bwithout|\bcannot|\bno|\bnor|\bavoids?|\bprevents?)(?: [^ .;!?]{1,30}){0,3} ?$/;

/** Destructive words that the tool did not use before, and hints that its own name speaks against. */
export function destructionFindings(
  old: readonly Text[],
  texts: readonly Text[],
  before: JsonObject | undefined,
  after: JsonObject,
): Finding[] {
  const findings = doubtfulHints(before, after);
  if (before === undefined) return findings;
  const known = new Set(old.flatMap((text) => wordsIn(text).map(({ word }) => word)));
  const told = new Set<string>();
  for (const text of texts) {
    for (const { word, excerpt } of wordsIn(text)) {
      const severity = text.role === 'prose' ? 'warning' : 'danger';
      if (known.has(word) || told.has(`${word} ${severity}`)) continue;
      told.add(`${word} ${severity}`);
      const message = `Newly speaks of something destructive: "${word}" did not occur before.`;
      findings.push({ code: 'newly-destructive', severity, path: text.path, message, excerpt: visible(excerpt) });
    }
  }
  return findings;
}

const looked: readonly Role[] = ['name', 'prose', 'parameter', 'choice'];

function wordsIn({ text, role, path }: Text): { word: string; excerpt: string }[] {
  if (!looked.includes(role) || path.startsWith('outputSchema')) return [];
  const plain = plainText(role === 'prose' ? text : wordsOf(latinised(text)).join(' '));
  return verbs.flatMap(({ word, pattern }) => {
    const found = pattern.exec(plain);
    if (!found || denied.test(plain.slice(Math.max(0, found.index - 100), found.index))) return [];
    return [{ word, excerpt: around(plain, found.index, found[0].length) }];
  });
}

const destructiveName = /^(?:delete|remove|drop|destroy|erase|purge|wipe|truncate|kill|terminate|revoke|uninstall)$/;

function doubtfulHints(before: JsonObject | undefined, after: JsonObject): Finding[] {
  const words = wordsOf(typeof after.name === 'string' ? latinised(after.name) : '').map((word) => word.toLowerCase());
  const word = words.slice(0, 2).find((each) => destructiveName.test(each));
  const claims = isObject(after.annotations) ? after.annotations : {};
  const claimed =
    claims.readOnlyHint === true ? 'readOnlyHint' : claims.destructiveHint === false ? 'destructiveHint' : '';
  if (word === undefined || claimed === '') return [];
  const old = before && isObject(before.annotations) ? before.annotations : {};
  if (before?.name === after.name && old[claimed] === claims[claimed]) return [];
  const path = `annotations.${claimed}`;
  const said = claimed === 'readOnlyHint' ? 'only reads' : 'destroys nothing';
  const message = `Says that it ${said}, while its name says "${word}".`;
  return [{ code: 'doubtful-annotation', severity: claimed === 'readOnlyHint' ? 'danger' : 'warning', path, message }];
}
