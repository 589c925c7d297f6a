import { canonicalJson } from '../../kernel/digest.ts';
import { parseJson } from '../../kernel/json.ts';
import type { KeptAct, KeptCall } from './types.ts';

/** The text of what is kept: RFC 8785 JSON, which is hashed and stored as it is. */
export function textOf(kept: object): string {
  return canonicalJson(kept);
}

/** What such a text says. Throws `JsonFault` for a text that was not made by `textOf`. */
export function readKept(text: string): KeptCall | KeptAct {
  return parseJson(text) as KeptCall | KeptAct;
}
