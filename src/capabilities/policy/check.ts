import type { DetailedError, PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import { type Cedar, loadCedar } from './engine.ts';
import { askedPaths } from './reads.ts';
import type { Schema } from './schema.ts';

/** Something wrong with a policy text, fit for the person who wrote it. Lines and columns count from 1. */
export interface PolicyFault {
  line?: number;
  column?: number;
  message: string;
}

/** One `permit` or `forbid` of a text. */
export interface Rule {
  /** Unique in its text: `:<@id>` where it has that annotation, otherwise `#<n>`, counted from 1. */
  name: string;
  effect: 'permit' | 'forbid';
  description?: string;
  /** Where it begins in its text, counted from 1. */
  line: number;
  text: string;
  /** The same as Cedar's JSON, to be looked into. */
  json: PolicyJson;
}

export interface PolicyCheck {
  /** Empty when there are faults. */
  rules: Rule[];
  faults: PolicyFault[];
  /** What is allowed and hardly meant, such as a rule that can never apply. */
  warnings: PolicyFault[];
}

export interface Checker {
  /** Never throws: whatever is wrong with the text is a fault. */
  check(text: string): PolicyCheck;
}

const maxTextLength = 32 * 1024;
/** Evaluation overflows the stack somewhere between 250 and 500 levels. */
const maxDepth = 150;
/** Each rule costs every decision a microsecond or two. */
const maxRules = 100;
const maxFaults = 20;
const idPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** Checks texts strictly against a schema, in a Cedar instance that decides nothing and is replaced when it breaks. */
export function createChecker(schema: Schema, load: () => Cedar = loadCedar): Checker {
  let instance: Cedar | undefined;
  return {
    check(text) {
      const unfit = unfitText(text);
      if (unfit) return failed([{ message: unfit }]);
      try {
        instance ??= load();
        return checkWith(instance, schema, text);
      } catch {
        instance = undefined;
        return failed([{ message: 'it cannot be checked; most likely it is nested too deeply' }]);
      }
    },
  };
}

/** One line a fault, such as `line 3, column 7: ...`. */
export function faultLine({ line, column, message }: PolicyFault): string {
  return line === undefined ? message : `line ${line}, column ${column}: ${message}`;
}

function unfitText(text: string): string | undefined {
  if (text.length > maxTextLength) return `it is longer than ${maxTextLength} characters`;
  if (text.includes('\0') || !text.isWellFormed()) return 'it holds characters that are not text';
  return undefined;
}

function checkWith(cedar: Cedar, schema: Schema, text: string): PolicyCheck {
  const place = placer(text);
  const parts = cedar.policySetTextToParts(text);
  if (parts.type !== 'success') return failed(parts.errors.map(place));
  if (parts.policy_templates.length > 0) {
    return failed([{ message: 'templates (?principal, ?resource) are not supported' }]);
  }
  if (parts.policies.length > maxRules) return failed([{ message: `it holds more than ${maxRules} rules` }]);
  const answer = cedar.validate({
    schema: schema.text,
    policies: { staticPolicies: text },
    validationSettings: { mode: 'strict' },
  });
  if (answer.type !== 'success') return failed(answer.errors.map(place));
  // `success` only means that the validator ran.
  if (answer.validationErrors.length > 0) return failed(answer.validationErrors.map(({ error }) => place(error)));

  const rules: Rule[] = [];
  const faults: PolicyFault[] = [];
  let end = 0;
  for (const [index, part] of inOrder(parts.policies).entries()) {
    const parsed = cedar.policyToJson(part);
    if (parsed.type !== 'success') return failed(parsed.errors.map(({ message }) => ({ message })));
    const { json } = parsed;
    const { id, description } = json.annotations ?? {};
    const name = id === undefined ? `#${index + 1}` : `:${id}`;
    const start = text.indexOf(part, end);
    end = start + part.length;
    const at = lineAndColumn(text.slice(0, start));
    const fault = (message: string) => faults.push({ ...at, message });

    if (depthOf(json.conditions) > maxDepth) fault('it is nested too deeply');
    if (id !== undefined && !idPattern.test(id)) {
      fault('an @id is up to 64 letters, digits, dots, dashes and underscores');
    }
    const consent = json.annotations?.consent;
    if (consent !== undefined && consent !== 'confirm' && consent !== 'approve') {
      fault('@consent is "confirm" (the person behind the caller) or "approve" (somebody else)');
    }
    if (rules.some((rule) => rule.name === name)) fault(`@id("${id}") is there twice`);
    for (const path of askedPaths(json.conditions)) {
      if (!schema.paths.has(path)) fault(`there is no ${path}${hintFor(path)}`);
    }
    rules.push({ name, effect: json.effect, ...(description ? { description } : {}), line: at.line, text: part, json });
  }
  const warnings: PolicyFault[] = [];
  for (const { policyId, error } of faults.length > 0 ? [] : answer.validationWarnings) {
    // A forbid that never applies is taken for protection that is not there.
    const isVoid = error.message.includes('impossible') && rules[Number(policyId.slice(6))]?.effect === 'forbid';
    (isVoid ? faults : warnings).push(place(error));
  }
  if (faults.length > 0) return failed(faults);
  return { rules, faults, warnings: unique(warnings) };
}

/** Cedar sorts the parts by their names `policy0`, `policy1`, `policy10`, `policy2`...; here they come as written. */
function inOrder(parts: readonly string[]): string[] {
  const numbers = parts.map((_, index) => index).sort((a, b) => (String(a) < String(b) ? -1 : 1));
  const ordered: string[] = [];
  for (const [place, part] of parts.entries()) ordered[numbers[place] ?? place] = part;
  return ordered;
}

/** Levels of operators, not of JSON: each is one or two frames of Cedar's evaluator. */
function depthOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((deepest, item) => Math.max(deepest, depthOf(item)), 0);
  if (typeof value !== 'object' || value === null) return 0;
  const isOperator = Object.keys(value).length === 1;
  return (
    Object.values(value).reduce<number>((deepest, item) => Math.max(deepest, depthOf(item)), 0) + (isOperator ? 1 : 0)
  );
}

function failed(faults: PolicyFault[]): PolicyCheck {
  return { rules: [], faults: unique(faults).slice(0, maxFaults), warnings: [] };
}

/** A fault that concerns both actions is reported once for each. */
function unique(faults: PolicyFault[]): PolicyFault[] {
  const seen = new Map<string, PolicyFault>();
  for (const fault of faults) {
    const key = `${fault.line}:${fault.column}:${fault.message.replace(/Action::"\w+"/g, '')}`;
    if (!seen.has(key)) seen.set(key, fault);
  }
  return [...seen.values()];
}

/** Cedar counts places in bytes of UTF-8. */
function placer(text: string): (error: DetailedError) => PolicyFault {
  const bytes = Buffer.from(text);
  return ({ message, help, sourceLocations }) => {
    const plain = [message, help ? `(${help})` : '']
      .join(' ')
      .trim()
      .replace(/for policy `policy\d+`, /g, '');
    const start = sourceLocations?.[0]?.start;
    if (start === undefined) return { message: plain };
    return { ...lineAndColumn(bytes.subarray(0, start).toString()), message: plain };
  };
}

function lineAndColumn(before: string): { line: number; column: number } {
  const lines = before.split('\n');
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}

function hintFor(path: string): string {
  return path.startsWith('context.arguments.') ? '; arguments are declared under "projections" in the settings' : '';
}
