import type { Clause, PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import { isObject } from '../../kernel/json.ts';

/** What rules look at on the principal or on the tool. */
export interface EntityReads {
  /** They look at it in a way that we do not follow: take everything about it. */
  whole: boolean;
  attributes: Set<string>;
  /** By entity type: the ids that it is compared with, or asked to be in. */
  named: Map<string, Set<string>>;
}

/** All that a decision by some rules can depend on; what is not in here cannot change the answer. */
export interface Reads {
  principal: EntityReads;
  resource: EntityReads;
  /** Names of context attributes; `*` is all of them. */
  context: Set<string>;
  /** Names of the attributes of `context.arguments`; `*` is all of them. */
  arguments: Set<string>;
}

const argumentAttributes = ['arguments', 'cutArguments', '*'];

export function readsOf(policies: readonly PolicyJson[]): Reads {
  const reads: Reads = {
    principal: emptyReads(),
    resource: emptyReads(),
    context: new Set(),
    arguments: new Set(),
  };
  for (const policy of policies) {
    readScope(reads.principal, policy.principal);
    readScope(reads.resource, policy.resource);
    for (const condition of policy.conditions) readExpression(reads, condition.body);
  }
  return reads;
}

export function readsArguments(reads: Reads): boolean {
  return argumentAttributes.some((name) => reads.context.has(name));
}

/** Whether a rule may say another thing of `call` than of `callUnattended`. */
export function tellsActionsApart({ action, conditions }: PolicyJson): boolean {
  const named = action.op === 'in' && 'entities' in action ? action.entities.map((each) => entityOf(each)?.id) : [];
  const isBoth = action.op === 'All' || (named.includes('call') && named.includes('callUnattended'));
  return !isBoth || mentions(conditions, 'action');
}

function mentions(expression: unknown, variable: string): boolean {
  if (Array.isArray(expression)) return expression.some((item) => mentions(item, variable));
  if (!isObject(expression)) return false;
  return expression.Var === variable || Object.values(expression).some((item) => mentions(item, variable));
}

/**
 * The rule for listings, where no arguments are known yet: a tool is shown when it may be permitted for some of them.
 * A forbid that reads arguments is left out (undefined); a permit loses those of its conditions that read them.
 * Showing too much is harmless, as each call is decided anew by all rules.
 */
export function withoutArguments(policy: PolicyJson): PolicyJson | undefined {
  if (!readsArguments(readsOf([policy]))) return policy;
  if (policy.effect === 'forbid') return undefined;
  const conditions = policy.conditions.flatMap(({ kind, body }): Clause[] => {
    if (kind === 'when') return [{ kind, body: weakened(body) as typeof body }];
    return expressionReadsArguments(body) ? [] : [{ kind, body }];
  });
  return { ...policy, conditions };
}

/** What is left of a conjunction when the parts that read arguments count as true. */
function weakened(expression: unknown): unknown {
  if (!expressionReadsArguments(expression)) return expression;
  const parts = isObject(expression) ? expression['&&'] : undefined;
  if (!isObject(parts)) return { Value: true };
  return { '&&': { left: weakened(parts.left), right: weakened(parts.right) } };
}

function expressionReadsArguments(expression: unknown): boolean {
  const reads = readsOf([]);
  readExpression(reads, expression);
  return readsArguments(reads);
}

function emptyReads(): EntityReads {
  return { whole: false, attributes: new Set(), named: new Map() };
}

function readScope(reads: EntityReads, scope: unknown): void {
  if (!isObject(scope)) return;
  if (scope.op === 'is') readScope(reads, scope.in);
  else if (scope.op !== 'All') compare(reads, [scope.entity]);
}

/** Walks an expression. A variable that is met anywhere but in a form known below counts as read as a whole. */
function readExpression(reads: Reads, expression: unknown): void {
  if (Array.isArray(expression)) {
    for (const item of expression) readExpression(reads, item);
    return;
  }
  if (!isObject(expression)) return;
  for (const [operator, operand] of Object.entries(expression)) {
    if (operator === 'Var' && typeof operand === 'string') readWhole(reads, operand);
    else if (!readKnownForm(reads, operator, operand)) readExpression(reads, operand);
  }
}

function readKnownForm(reads: Reads, operator: string, operand: unknown): boolean {
  if (!isObject(operand)) return false;
  const variable = variableOf(operand.left);
  if (operator === '.' || operator === 'has') {
    const [attribute, next] = Array.isArray(operand.attr) ? operand.attr : [operand.attr];
    if (typeof attribute !== 'string') return false;
    if (isArguments(operand.left)) readArgument(reads, attribute);
    else if (variable === undefined) return false;
    else if (variable !== 'context') reads[variable].attributes.add(attribute);
    else if (attribute === 'arguments') readArgument(reads, typeof next === 'string' ? next : '*');
    else reads.context.add(attribute);
    return true;
  }
  if (operator === 'is') {
    if (variable === undefined || variable === 'context') return false;
    return operand.in === undefined || compareWith(reads[variable], operand.in);
  }
  if (operator === 'in' || operator === '==' || operator === '!=') {
    if (variable !== undefined && variable !== 'context') return compareWith(reads[variable], operand.right);
    const right = operator === 'in' ? undefined : variableOf(operand.right);
    return right !== undefined && right !== 'context' && compareWith(reads[right], operand.left);
  }
  return false;
}

/** Whether the other side is an entity, or a set of entities, spelled out. */
function compareWith(reads: EntityReads, other: unknown): boolean {
  if (!isObject(other)) return false;
  const literals = Array.isArray(other.Set) ? other.Set : [other];
  const entities = literals.map((item) => (isObject(item) ? item.Value : undefined));
  if (!entities.every((value) => entityOf(value) !== undefined)) return false;
  compare(reads, entities);
  return true;
}

function compare(reads: EntityReads, entities: readonly unknown[]): void {
  for (const value of entities) {
    const entity = entityOf(value);
    if (!entity) {
      reads.whole = true;
      continue;
    }
    const ids = reads.named.get(entity.type) ?? new Set();
    reads.named.set(entity.type, ids.add(entity.id));
  }
}

function entityOf(value: unknown): { type: string; id: string } | undefined {
  const entity = isObject(value) && '__entity' in value ? value.__entity : value;
  if (!isObject(entity) || typeof entity.type !== 'string' || typeof entity.id !== 'string') return undefined;
  return { type: entity.type, id: entity.id };
}

function variableOf(expression: unknown): 'principal' | 'resource' | 'context' | undefined {
  const name = isObject(expression) ? expression.Var : undefined;
  return name === 'principal' || name === 'resource' || name === 'context' ? name : undefined;
}

function isArguments(expression: unknown): boolean {
  const access = isObject(expression) ? expression['.'] : undefined;
  return isObject(access) && access.attr === 'arguments' && variableOf(access.left) === 'context';
}

function readArgument(reads: Reads, name: string): void {
  reads.context.add('arguments');
  reads.arguments.add(name);
}

function readWhole(reads: Reads, variable: string): void {
  if (variable === 'context') {
    reads.context.add('*');
    reads.arguments.add('*');
  }
  if (variable === 'principal' || variable === 'resource') reads[variable].whole = true;
}

/**
 * Paths such as `context.arguments.amuont` that rules ask for with `has`. Cedar takes a `has` of an attribute that
 * the schema does not know for plainly false, and so a forbid with a slip of the pen for one that never applies.
 */
export function askedPaths(expression: unknown): string[] {
  if (Array.isArray(expression)) return expression.flatMap(askedPaths);
  if (!isObject(expression)) return [];
  return Object.entries(expression).flatMap(([operator, operand]) => {
    const deeper = askedPaths(operand);
    if (operator !== 'has' || !isObject(operand)) return deeper;
    const owner = pathOf(operand.left);
    const attributes = Array.isArray(operand.attr) ? operand.attr : [operand.attr];
    return owner === undefined ? deeper : [[owner, ...attributes].join('.'), ...deeper];
  });
}

function pathOf(expression: unknown): string | undefined {
  const variable = variableOf(expression);
  if (variable !== undefined) return variable;
  const access = isObject(expression) ? expression['.'] : undefined;
  const owner = isObject(access) ? pathOf(access.left) : undefined;
  return owner === undefined || !isObject(access) ? undefined : `${owner}.${String(access.attr)}`;
}
