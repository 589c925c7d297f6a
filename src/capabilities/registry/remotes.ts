import type { Remote } from './format.ts';
import { type Answers, filled, keyedPart, type Part, wantedByRemote } from './inputs.ts';

export interface Address {
  url: Part;
  headers: Map<string, Part>;
}

/** Why a remote cannot be used, whatever is given. */
export function unfitRemote(remote: Remote): string | undefined {
  if (!/^(?:https?:\/\/|\{)/i.test(remote.url)) return 'its address is not one of http or https';
  const secret = wantedByRemote(remote).find(
    ({ where, isSecret, name }) => where === 'address' && isSecret && !inQuery(remote.url, name),
  );
  return secret && `the secret ${secret.name} would stand in the path of its address, which logs and listings show`;
}

function inQuery(url: string, name: string): boolean {
  const query = url.indexOf('?');
  return query >= 0 && !url.slice(0, query).includes(`{${name}}`) && !url.slice(query).includes('#');
}

// A reference has to stay one.
const inQueryForm = (text: string) => (text.includes('${') ? text : encodeURIComponent(text));

/** Where it is, with what was given. What is wrong or missing is noted with the answers. */
export function addressOf(remote: Remote, answers: Answers): Address {
  const headers = new Map<string, Part>();
  for (const each of remote.headers) {
    const value = keyedPart(each, 'header', answers);
    if (value && value.text !== '') headers.set(each.name, value);
  }
  return { url: urlOf(remote, answers), headers };
}

function urlOf({ url, variables, ...rest }: Remote, answers: Answers): Part {
  const asked = wantedByRemote({ url, variables, ...rest }).filter(({ where }) => where === 'address');
  const inUrl = Object.fromEntries(Object.entries(variables).filter(([name]) => url.includes(`{${name}}`)));
  const query = url.indexOf('?') < 0 ? url.length : url.indexOf('?');
  const [before] = filled({ value: url.slice(0, query), variables: inUrl }, asked, answers) ?? [];
  const [after] = filled({ value: url.slice(query), variables: inUrl }, asked, answers, inQueryForm) ?? [];
  if (!before || !after) return { text: url, shown: url };
  const part = { text: before.text + after.text, shown: before.shown + after.shown };
  const left = /\{[^{}$]*\}/.exec(part.text.replace(/\$\{[^{}]*\}/g, ''))?.[0];
  if (left !== undefined) answers.note(`the address holds ${left}, and nothing says what that is`);
  else if (!URL.canParse(part.text.replace(/\$\{[^{}]*\}/g, 'x')))
    answers.note('the address that comes of it is not one of http or https');
  return part;
}
