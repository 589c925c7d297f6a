import { isObject, type JsonObject } from '../kernel/json.ts';
import { listIn, textsIn } from './reading.ts';
import { plain } from './terminal.ts';

/** What a decision is called in what people read. */
const words: Record<string, string> = { allow: 'allowed', consent: 'allowed with consent', deny: 'denied' };

export function decisionWords(decision: unknown): string {
  return words[String(decision)] ?? plain(String(decision));
}

/** Why a call is decided as it is, line by line. */
export function explanationLines(explanation: JsonObject): string[] {
  const { decision, listed, policyVersion } = explanation;
  const errors = textsIn(explanation, 'errors');
  const hidden = listed === true ? 'it is listed' : `it is hidden from listings: ${textsIn(explanation, 'hiddenBy')}`;
  const missing = listIn(explanation, 'toAllow');
  return [
    `${decisionWords(decision)}, by ${textsIn(explanation, 'rules')}; ${hidden}`,
    ...(errors === '' ? [] : [`could not be evaluated: ${errors}`]),
    ...section('The rules that decided:', listIn(explanation, 'deciding').flatMap(ruleLines)),
    ...section('They looked at:', lookedAtLines(explanation)),
    ...section(
      decision === 'consent' ? 'To be allowed without consent:' : 'To be allowed:',
      missing.flatMap(({ need, rule }) => {
        if (!isObject(rule)) return [];
        const what = need === 'forbid' ? 'this must not apply:' : 'something such as this must apply:';
        return [what, ...ruleLines(rule as JsonObject).map((line) => `  ${line}`)];
      }),
    ),
    `policies ${plain(String(policyVersion))}`,
  ];
}

/** The values that the rules looked at, in short. */
export function lookedAtLines({ lookedAt }: JsonObject): string[] {
  return Object.entries(isObject(lookedAt) ? lookedAt : {}).map(
    ([path, value]) => `${plain(path)} = ${plain(JSON.stringify(value)).slice(0, 200)}`,
  );
}

function ruleLines(rule: JsonObject): string[] {
  const { name, effect, source, line, description } = rule;
  const place = source === 'shipped' ? 'shipped' : `${plain(String(source))}:${line}`;
  const about = typeof description === 'string' ? `: ${plain(description)}` : '';
  const parts = listIn(rule, 'parts').map(({ text, holds }) => {
    const mark = holds === true ? '+' : holds === false ? '-' : '?';
    return `  ${mark} ${plain(String(text))}`;
  });
  return [`${effect} ${plain(String(name))} (${place})${about}`, ...parts];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)];
}
