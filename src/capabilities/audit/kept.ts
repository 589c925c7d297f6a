import { canonicalJson } from '../../kernel/digest.ts';
import { parseJson } from '../../kernel/json.ts';
import type { RowColumns } from './rows.ts';
import type { KeptAct, KeptCall } from './types.ts';

/** The text of what is kept: RFC 8785 JSON, which is hashed and stored as it is. */
export function textOf(kept: object): string {
  return canonicalJson(kept);
}

/** A part of what is kept that is in its RFC 8785 text already. */
export class Said {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What is kept, with parts that are text already. */
export type Saying<K> = { [key in keyof K]: K[key] | Said };

/** The same of what has its keys in that order: to put them in order again with each call would be for nothing. */
export function textInOrder(kept: Saying<object>): string {
  let text = '';
  for (const key in kept) {
    const value: unknown = kept[key as keyof typeof kept];
    if (value !== undefined) text += `${text === '' ? '{' : ','}"${key}":${textIn(value)}`;
  }
  return `${text}}`;
}

function textIn(value: unknown): string {
  if (typeof value === 'string') return plainText.test(value) ? `"${value}"` : canonicalJson(value);
  if (value instanceof Said) return value.text;
  return typeof value === 'number' ? String(value) : canonicalJson(value);
}

/** Printable ASCII without what JSON escapes. */
const plainText = /^[ !#-[\]-~]*$/;

/** What such a text says. Throws `JsonFault` for a text that was not made by `textOf`. */
export function readKept(text: string): KeptCall | KeptAct {
  return parseJson(text) as KeptCall | KeptAct;
}

/** What a row repeats of what is kept. */
export function columnsIn(kept: KeptCall | KeptAct): RowColumns {
  const call = kept.kind === 'call' ? kept : undefined;
  return {
    at: kept.at,
    kind: kept.kind,
    principal: kept.principal.id,
    tool: call?.tool ?? null,
    outcome: kept.outcome,
    parent: call?.parentCallId ?? null,
    // Nobody but us closes one, and only for want of an end.
    inferred: kept.closedAt !== undefined,
    cost: call?.cost ? textOf(call.cost) : null,
  };
}
