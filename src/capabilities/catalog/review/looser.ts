import type { JsonObject } from '../../../kernel/json.ts';

/** What MCP takes a hint to say when it is absent, and the value that promises more care. */
const hints = [
  { name: 'readOnlyHint', otherwise: false, careful: true },
  { name: 'destructiveHint', otherwise: true, careful: false },
  { name: 'idempotentHint', otherwise: false, careful: true },
  { name: 'openWorldHint', otherwise: true, careful: false },
] as const;

/** The hints by which a tool promises less than before. */
export function looserAnnotations(before: JsonObject | undefined, after: JsonObject | undefined): string[] {
  const said = (annotations: JsonObject | undefined, name: string, otherwise: boolean) => {
    const value = annotations?.[name];
    return typeof value === 'boolean' ? value : otherwise;
  };
  // MCP: to a tool that only reads, the destructive and idempotent hints mean nothing.
  const onlyReads = said(after, 'readOnlyHint', false);
  return hints
    .filter(({ name, otherwise, careful }) => {
      if (onlyReads && (name === 'destructiveHint' || name === 'idempotentHint')) return false;
      return said(before, name, otherwise) === careful && said(after, name, otherwise) !== careful;
    })
    .map(({ name }) => name);
}
