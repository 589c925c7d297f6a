import { isObject, type Json, type JsonObject } from '../../../kernel/json.ts';
import { wordsOf } from './confusables.ts';
import type { LintFault } from './finding.ts';
import { isVerb } from './verbs.ts';

const selector =
  /^(?:action|actions|operation|op|command|cmd|subcommand|method|function|verb|mode|task|action_?type|operation_?type|actionname)$/i;
/** Names that only ever choose what is done; others may as well choose how. */
const alwaysSelects =
  /^(?:action|operation|op|command|cmd|subcommand|function|verb|action_?type|operation_?type|actionname)$/i;
const httpMethods = new Set(['get', 'head', 'post', 'put', 'patch', 'delete', 'options', 'trace', 'connect']);

/** A tool that is several tools, chosen by one of its parameters or by alternatives of its schema. */
export function actionFault({ inputSchema }: JsonObject): LintFault[] {
  if (!isObject(inputSchema)) return [];
  const schema = inputSchema as JsonObject;
  const properties = isObject(schema.properties) ? (schema.properties as JsonObject) : {};
  const required = Array.isArray(schema.required) ? schema.required : [];
  for (const [name, property] of Object.entries(properties)) {
    if (selector.test(name) && required.includes(name) && selectsAction(name, choicesOf(property)))
      return [fault(`inputSchema.properties.${name}`, choicesOf(property))];
  }
  for (const keyword of ['oneOf', 'anyOf']) {
    const branches = Array.isArray(schema[keyword]) ? schema[keyword].filter(isObject) : [];
    const chosen = selectingProperty(branches as JsonObject[]);
    if (chosen) return [fault(`inputSchema.${keyword}`, chosen)];
  }
  return [];
}

function fault(path: string, choices: readonly string[]): LintFault {
  const message = `Make it ${choices.length} tools, one for each of ${choices.slice(0, 4).join(', ')}${choices.length > 4 ? ' …' : ''}: a model then sees which parameters belong to which, and policy can tell them apart.`;
  return { rule: 'switch-on-action', severity: 'error', path, message };
}

function choicesOf(property: Json | undefined): string[] {
  if (!isObject(property)) return [];
  const { enum: values, oneOf, anyOf } = property as JsonObject;
  const listed = Array.isArray(values)
    ? values
    : [oneOf, anyOf].flat().map((each) => (isObject(each) ? (each.const as Json) : null));
  return listed.filter((each): each is string => typeof each === 'string');
}

function selectsAction(name: string, choices: readonly string[]): boolean {
  if (choices.length < 2 || choices.every((each) => httpMethods.has(each.toLowerCase()))) return false;
  const verbs = choices.filter((each) => isVerb(wordsOf(each)[0]?.toLowerCase() ?? ''));
  return alwaysSelects.test(name)
    ? verbs.length > 0 || choices.length > 2
    : verbs.length >= 2 && verbs.length * 2 > choices.length;
}

/** The values by which alternatives tell themselves apart, where a property of each is fixed. */
function selectingProperty(branches: readonly JsonObject[]): string[] | undefined {
  const [first] = branches;
  if (branches.length < 2 || !isObject(first?.properties)) return undefined;
  for (const name of Object.keys(first.properties)) {
    const values = branches.map(({ properties }) => {
      const property = isObject(properties) ? (properties as JsonObject)[name] : undefined;
      if (!isObject(property)) return undefined;
      return (
        property.const ?? (Array.isArray(property.enum) && property.enum.length === 1 ? property.enum[0] : undefined)
      );
    });
    const texts = values.filter((each): each is string => typeof each === 'string');
    if (texts.length === branches.length && new Set(texts).size === texts.length) return texts;
  }
  return undefined;
}
