import { isObject, type Json, type JsonObject } from '../../../kernel/json.ts';
import { hiddenIn } from './characters.ts';
import { wordsOf } from './confusables.ts';
import type { LintFault } from './finding.ts';
import { findingsOf } from './findings.ts';
import { plainText } from './phrases.ts';
import { actionFault } from './switches.ts';
import { keyPath, textsOf } from './texts.ts';
import { isVerb } from './verbs.ts';

/** What is told of a tool beside its definition. */
export interface LintMetadata {
  whenToUse?: string;
  whenNotToUse?: string;
  examples?: unknown[];
}

const shortDescription = 40;
const longDescription = 2_000;
const manyParameters = 15;
const deepParameters = 3;

/**
 * Judges a tool as a model reads it, which has only the words to choose by. An error misleads a model or keeps it from
 * using the tool; a warning makes it guess.
 */
export function lintTool(definition: JsonObject, metadata: LintMetadata = {}): LintFault[] {
  return [
    ...nameFaults(definition),
    ...descriptionFaults(definition, metadata),
    ...parameterFaults(definition),
    ...exampleFaults(definition, metadata),
    ...actionFault(definition),
    ...textFaults(definition),
    ...instructionFaults(definition, metadata),
  ];
}

const error = (rule: string, path: string, message: string): LintFault => ({ rule, severity: 'error', path, message });
const warning = (rule: string, path: string, message: string): LintFault => ({
  rule,
  severity: 'warning',
  path,
  message,
});

const vague = new Set(
  'run execute exec process handle do perform tool helper query call action command manage'.split(' '),
);

function nameFaults({ name }: JsonObject): LintFault[] {
  if (typeof name !== 'string' || name === '') return [error('name', 'name', 'Give the tool a name.')];
  const words = wordsOf(name).map((word) => word.toLowerCase());
  const faults: LintFault[] = [];
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name))
    faults.push(warning('name-style', 'name', 'Write the name in snake_case, in small letters: `create_issue`.'));
  if (words.length < 2)
    faults.push(
      warning(
        'name-specific',
        'name',
        `Say what it ${vague.has(words[0] ?? '') ? 'acts on' : 'does to what'}: \`create_issue\`, not \`create\`.`,
      ),
    );
  // A first word may be the product's: `slack_post_message`.
  else if (!words.slice(0, 2).some(isVerb))
    faults.push(warning('name-verb', 'name', 'Begin the name with what the tool does: `list_issues`, not `issues`.'));
  return faults;
}

const saysWhen =
  /\b(?:use (?:this|it|when|to|for|if|after|before|whenever|only|on)|used (?:to|for|when|by|as)|when(?:ever)? (?:you|a|an|the|someone|asked|working|debugging|there)|useful (?:when|for|to|as)|helpful (?:when|for|to)|if you (?:need|want|have|know|are)|call (?:this|it) (?:when|to|after|before|if|for|once)|(?:best|ideal|suited|intended|recommended|good|great|perfect) (?:for|when|to)|choose (?:this|it))\b/;
const saysWhenNot =
  /\b(?:(?:do|does|is|are|will|can|should|must) not|don't|doesn't|isn't|won't|can't|cannot|never|not (?:for|to be|when|if|suitable|intended|needed)|instead|rather than|unless|avoid|only (?:when|if|for|works?|use|within|supports?|on|one)|prefer|for [^.;]{1,80}, (?:use|call|see) |use [a-z_]{1,60} (?:for|to|when|if)|no longer|deprecated|except)\b/;

function descriptionFaults({ name, description }: JsonObject, { whenToUse, whenNotToUse }: LintMetadata): LintFault[] {
  if (typeof description !== 'string' || description.trim() === '')
    return [error('description', 'description', 'Describe what the tool does: a model chooses by nothing else.')];
  const faults: LintFault[] = [];
  const plain = plainText(description);
  const all = plainText([description, whenToUse, whenNotToUse].filter((each) => typeof each === 'string').join(' '));
  if (all.length < shortDescription || repeatsName(name, plain))
    faults.push(
      warning(
        'description-short',
        'description',
        'Say more than the name does: what it returns, and what tells it from its neighbours.',
      ),
    );
  if (description.length > longDescription) {
    const message = `Shorten it to ${longDescription} characters: it is sent with every listing, and models lose what stands in the middle.`;
    faults.push(error('description-long', 'description', message));
  }
  if (!whenToUse?.trim() && !saysWhen.test(all))
    faults.push(warning('when-to-use', 'description', 'Say when to use it: "Use it when …", "Useful for …".'));
  if (!whenNotToUse?.trim() && !saysWhenNot.test(all))
    faults.push(
      warning(
        'when-not-to-use',
        'description',
        'Say when not to use it, or what to use instead: "For …, use … instead."',
      ),
    );
  return faults;
}

const fillers = new Set(
  'a an the to of for in on by with from and or this that tool it its given specified'.split(' '),
);
const stem = (word: string) =>
  word
    .toLowerCase()
    .replace(/(?:ing|es|s|d)$/, '')
    .replace(/e$/, '');

function repeatsName(name: Json | undefined, plain: string): boolean {
  const own = new Set(wordsOf(typeof name === 'string' ? name : '').map(stem));
  return wordsOf(plain).every((word) => fillers.has(word) || own.has(stem(word)));
}

/** The parameters, those within parameters included, each with its path and depth. */
function* parametersOf(schema: Json | undefined, path: string, depth: number): Generator<[string, JsonObject, number]> {
  if (!isObject(schema) || depth > 10) return;
  const { properties, items } = schema as JsonObject;
  if (isObject(properties))
    for (const [key, inner] of Object.entries(properties as JsonObject)) {
      const below = keyPath(`${path}.properties`, key);
      if (!isObject(inner)) continue;
      yield [below, inner as JsonObject, depth];
      yield* parametersOf(inner, below, depth + 1);
    }
  if (isObject(items)) yield* parametersOf(items, `${path}.items`, depth);
}

function parameterFaults({ inputSchema }: JsonObject): LintFault[] {
  const faults: LintFault[] = [];
  const parameters = [...parametersOf(inputSchema, 'inputSchema', 1)];
  const top = parameters.filter(([, , depth]) => depth === 1);
  for (const [path, schema] of parameters) {
    const described = [schema.description, isObject(schema.items) ? schema.items.description : undefined];
    if (described.some((each) => typeof each === 'string' && each.trim() !== '') || typeof schema.$ref === 'string')
      continue;
    const message = 'Describe the parameter: what it means, its form and unit, and what happens without it.';
    faults.push(
      top.some(([each]) => each === path)
        ? error('parameter-description', path, message)
        : warning('parameter-description', path, message),
    );
  }
  if (top.length > manyParameters)
    faults.push(
      warning(
        'parameters-many',
        'inputSchema',
        `Has ${top.length} parameters: split it, or leave out what has a good default; ${manyParameters} are much.`,
      ),
    );
  const deepest = Math.max(0, ...parameters.map(([, , depth]) => depth));
  if (deepest > deepParameters)
    faults.push(
      warning(
        'parameters-deep',
        'inputSchema',
        `Flatten the parameters: ${deepest} levels of objects are hard to fill in.`,
      ),
    );
  return faults;
}

const saysExample =
  /\b(?:e\.g|i\.e|for example|for instance|such as|examples?|like|one of|format)\b|['"«“][^'"»”]{1,80}['"»”]|`[^`]{1,80}`/i;

function exampleFaults({ description, inputSchema }: JsonObject, { examples }: LintMetadata): LintFault[] {
  const parameters = [...parametersOf(inputSchema, 'inputSchema', 1)].map(([, schema]) => schema);
  const needed = parameters.filter(({ type }) => type !== 'boolean' && type !== 'object');
  if (needed.length === 0 || (examples?.length ?? 0) > 0) return [];
  if (isObject(inputSchema) && Array.isArray(inputSchema.examples) && inputSchema.examples.length > 0) return [];
  const shows = (schema: JsonObject) =>
    ['examples', 'example', 'default', 'enum', 'const', 'format'].some(
      (key) => schema[key] !== undefined && schema[key] !== null,
    ) ||
    (typeof schema.description === 'string' && saysExample.test(schema.description)) ||
    (isObject(schema.items) && Array.isArray(schema.items.enum)) ||
    [schema.oneOf, schema.anyOf].flat().some((each) => isObject(each) && each.const !== undefined);
  if (needed.some(shows) || (typeof description === 'string' && saysExample.test(description))) return [];
  return [
    warning(
      'examples',
      'inputSchema',
      'Give example values: `examples` in the schema, or "e.g. 2026-01-31" in a description.',
    ),
  ];
}

const htmlTag =
  /<\/?(?:a|b|br|blockquote|code|details|div|em|font|h[1-6]|hr|i|iframe|img|li|ol|p|pre|script|small|span|strong|style|sub|summary|sup|svg|table|tbody|td|th|thead|tr|u|ul|video)(?:\s[^<>]{0,300})?\/?>/i;
const picture = /!\[[^\]]{0,300}\]\(/;
const markup: [RegExp, string][] = [
  [/^#{1,6} \S/m, 'a heading'],
  [/\*\*\S[^*\n]{0,300}\*\*|__\S[^_\n]{0,300}__(?!\w)/, 'bold type'],
  [/^```/m, 'a fenced block'],
  [/(?<!!)\[[^\]\n]{1,200}\]\(https?:/, 'a link in markup'],
  [/^\|.{1,300}\|\s*$/m, 'a table'],
];

function textFaults(definition: JsonObject): LintFault[] {
  const faults: LintFault[] = [];
  for (const { text, path } of textsOf(definition).texts) {
    const isProse = /(^|\.)(description|title)$/.test(path);
    if (hiddenIn(text).length > 0)
      faults.push(
        error(
          'only-text',
          path,
          'Take out the characters that nobody sees: control, zero-width, direction and tag characters.',
        ),
      );
    if (!isProse) continue;
    if (htmlTag.test(text) || picture.test(text) || text.includes('<!--'))
      faults.push(error('only-text', path, 'Take out HTML and pictures: a model reads plain text.'));
    const found = markup.find(([pattern]) => pattern.test(text));
    if (found)
      faults.push(
        warning('plain-text', path, `Write plain sentences: ${found[1]} costs tokens and says nothing to a model.`),
      );
  }
  return faults;
}

/** The tool's own words and those of its metadata, judged like those of an upstream. */
function instructionFaults(definition: JsonObject, { whenToUse, whenNotToUse }: LintMetadata): LintFault[] {
  const told: [FindingSource: string, source: JsonObject][] = [['', definition]];
  if (whenToUse) told.push(['whenToUse', { description: whenToUse }]);
  if (whenNotToUse) told.push(['whenNotToUse', { description: whenNotToUse }]);
  return told.flatMap(([source, each]) =>
    findingsOf('tool', undefined, each)
      .filter(({ code }) => !/^(?:hidden-|html-comment|image|doubtful)/.test(code))
      .map(({ severity, path, message, excerpt }) => ({
        rule: 'instructs-model',
        severity: severity === 'danger' ? ('error' as const) : ('warning' as const),
        path: source || path,
        message: `Describe the tool, and leave the rest to the user. ${message}${excerpt ? ` ("${excerpt}")` : ''}`,
      })),
  );
}
