import { canonicalJson } from '../../kernel/digest.ts';
import { parseJson } from '../../kernel/json.ts';
import type { RowColumns } from './rows.ts';
import type { KeptAct, KeptCall } from './types.ts';

/** The text of what is kept: RFC 8785 JSON, which is hashed and stored as it is. */
export function textOf(kept: object): string {
  return canonicalJson(kept);
}

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
  };
}
